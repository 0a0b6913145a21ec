"""E-mail to blocks: the headers that a reader sees, the text, and the attachments that can be read."""

import email.policy
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from typing import IO

from memory.errors import UnreadableDocument
from memory.ingest.chunks import Block, Place

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST = 5
"""So deep messages may be attached to messages."""

ReadAttachment = Callable[[bytes, str], list[Block]]
"""The blocks of a file's content, by its name; raises ``UnreadableDocument``."""


def mail_blocks(data: bytes, read: ReadAttachment) -> list[Block]:
    """One message, under its subject; an attachment stands under the subject and its own name.

    An attachment that cannot be read is named with the reason, and the rest is kept. Raises ``UnreadableDocument``.
    """
    try:
        message = BytesParser(policy=email.policy.default).parsebytes(data)
        return list(_message(message, read, 0))
    except UnreadableDocument:
        raise
    except RecursionError:
        raise UnreadableDocument("It is nested too deeply.") from None
    except Exception as error:  # the parser's lazy headers raise what they like for broken ones
        raise UnreadableDocument(f"It is not a readable e-mail: {error or type(error).__name__}.") from None


def mbox_blocks(file: IO[bytes], read: ReadAttachment) -> Iterator[Block]:
    """The messages of a mailbox one after the other, placed by ``message``; a broken one is named in its place."""
    for number, data in enumerate(mbox_messages(file), 1):
        place = Place("message", number, number)
        try:
            for block in mail_blocks(data, read):
                yield replace(block, place=place)
        except UnreadableDocument as error:
            yield Block(f"(This message was not read. {error.message})", place)


def mbox_messages(file: IO[bytes]) -> Iterator[bytes]:
    """Raises ``UnreadableDocument`` for what is no mailbox."""
    lines: list[bytes] = []
    begun, after_blank = False, True
    for line in file:
        if after_blank and line.startswith(b"From "):
            if begun:
                yield b"".join(lines)
            begun, lines = True, []
        elif not begun and line.strip():
            raise UnreadableDocument("It is not a mailbox: it does not begin with a line `From `.")
        else:
            lines.append(line[1:] if line.startswith((b">From ", b">>From ")) else line)
        after_blank = not line.strip()
    if begun:
        yield b"".join(lines)


def _message(message: EmailMessage, read: ReadAttachment, depth: int) -> Iterator[Block]:
    subject = " ".join(str(message["Subject"] or "").split())
    shown = [f"{name}: {' '.join(str(message[name]).split())}" for name in _SHOWN if message[name]]
    body = message.get_body(("plain", "html"))
    if not message.keys() and (body is None or not body.get_payload()):
        raise UnreadableDocument("It is not an e-mail: it has neither headers nor a text.")
    if shown:
        yield Block("\n".join(shown), Place("header", 1, len(shown)), heading=subject)
    if isinstance(body, EmailMessage):
        for block in _body(body, read):
            yield replace(block, heading=_under(subject, block.heading))
    for part in message.iter_attachments():
        if part is not body:
            yield from _attachment(part, subject, read, depth)


def _body(body: EmailMessage, read: ReadAttachment) -> list[Block]:
    name = "body.html" if body.get_content_type() == "text/html" else "body.txt"
    return read(_text(body).encode(), name)


def _text(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # a charset that nobody knows
        data = part.get_payload(decode=True)
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""


def _attachment(part: EmailMessage, subject: str, read: ReadAttachment, depth: int) -> Iterator[Block]:
    name = " ".join((part.get_filename() or "").split())
    if part.get_content_type() == "message/rfc822":
        if depth >= _DEEPEST:
            raise UnreadableDocument("It is nested too deeply.")
        inner = part.get_content()
        if isinstance(inner, EmailMessage):
            for block in _message(inner, read, depth + 1):
                yield replace(block, heading=_under(subject, block.heading))
        return
    if not name or part.get_content_maintype() in ("image", "audio", "video"):
        return
    data = part.get_payload(decode=True)
    try:
        for block in read(data if isinstance(data, bytes) else b"", name):
            yield replace(block, heading=_under(subject, name, block.heading))
    except UnreadableDocument as error:
        yield Block(f"(The attachment {name} was not read. {error.message})", Place("attachment"), heading=subject)


def _under(*headings: str) -> str:
    return " > ".join(heading for heading in headings if heading)
