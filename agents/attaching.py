"""Files that come with a goal: checked, journaled, and laid into the task's workspace before it starts."""

import asyncio
import base64
import mimetypes
import re
from binascii import Error as NotBase64
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from agents.requests import AttachmentRequest
from journal.errors import InvalidInput
from journal.events import AttachmentReceived
from journal.projection import TaskState
from journal.store import Journal
from tools.errors import StopTask, ToolError
from tools.types import HttpFetch
from tools.workspace import Workspace
from trust.digest import digest_bytes
from trust.labels import Label, Trust, Visibility
from trust.words import urls_in

MAX_BYTES = 10_000_000
MAX_TOTAL_BYTES = 20_000_000
INLINE_CHARS = 4_000
INLINE_TOTAL_CHARS = 12_000
"""A text up to the first is read with the goal, until the second is used up."""

_NAME_CHARS = 120
_NOT_IN_NAMES = re.compile(r"[^\w.,()+ -]")
_PLAIN_TEXT = "text/plain"


async def receive(requests: Sequence[AttachmentRequest], goal: str, http: HttpFetch) -> list[AttachmentReceived]:
    """What was attached, each under a safe name of its own. An address is fetched only where the goal names it.

    Raises ``InvalidInput`` for what is too large, not base64, cannot be fetched, or has not exactly one content.
    """
    received: list[AttachmentReceived] = []
    taken: set[str] = set()
    for request in requests:
        name = _free_name(request.name, taken)
        taken.add(name.casefold())
        received.append(await _one(request, name, goal, http))
        if sum(one.size for one in received) > MAX_TOTAL_BYTES:
            raise InvalidInput(f"The attachments are larger than {MAX_TOTAL_BYTES:,} bytes in all.", hint=_HINT)
    return _with_short_ones_inline(received)


def _with_short_ones_inline(attachments: list[AttachmentReceived]) -> list[AttachmentReceived]:
    room, marked = INLINE_TOTAL_CHARS, []
    for attachment in attachments:
        length = INLINE_CHARS + 1 if attachment.text is None else len(attachment.text)
        inline = length <= min(INLINE_CHARS, room)
        room -= length if inline else 0
        marked.append(attachment.model_copy(update={"inline": inline}))
    return marked


_HINT = "Put large documents into memory (POST /v1/memory/documents), or attach less."


async def lay_out(state: TaskState, journal: Journal, workspace: Path) -> None:
    """See to it that the task's attachments are in its workspace, from the journal: a fork begins with an empty one.

    Raises ``ToolError`` where they cannot be written.
    """
    missing = [a.name for a in state.attachments if not (workspace / a.path).exists()]
    if missing:
        events = await journal.read(state.tenant, state.id, after=1, until=len(state.attachments) + 1)
        found = [e.data for e in events if isinstance(e.data, AttachmentReceived) and e.data.name in missing]
        await asyncio.to_thread(_write, found, Workspace(workspace))


def _write(attachments: Sequence[AttachmentReceived], workspace: Workspace) -> None:
    for attachment in attachments:
        workspace.write(attachment.path, content_of(attachment))


def content_of(attachment: AttachmentReceived) -> bytes:
    """The attached bytes."""
    if attachment.text is not None:
        return attachment.text.encode()
    return base64.b64decode(attachment.data_base64 or "")


async def _one(request: AttachmentRequest, name: str, goal: str, http: HttpFetch) -> AttachmentReceived:
    given = [field for field in ("text", "data_base64", "url") if getattr(request, field) is not None]
    if len(given) != 1:
        raise InvalidInput(f"The attachment {name} needs exactly one of text, data_base64 and url.")
    said_type = request.media_type
    if request.url is not None:
        data, label, fetched_type = await _fetched(request.url, name, goal, http)
        said_type = said_type or fetched_type
    else:
        data = _encoded(request.text, name) if request.text is not None else _decoded(request.data_base64 or "", name)
        label = Label(sources=(f"attachment:{name}",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"The attachment {name} is larger than {MAX_BYTES:,} bytes.", hint=_HINT)
    text = _as_text(data)
    return AttachmentReceived(
        name=name,
        media_type=said_type or mimetypes.guess_type(name)[0] or ("application/octet-stream" if text is None else _PLAIN_TEXT),
        size=len(data),
        digest=digest_bytes(data),
        label=label,
        text=text,
        data_base64=base64.b64encode(data).decode() if text is None else None,
    )


async def _fetched(url: str, name: str, goal: str, http: HttpFetch) -> tuple[bytes, Label, str]:
    if url not in urls_in(goal):
        raise InvalidInput(
            f"The attachment {name} is an address that the goal does not name.", hint="Name the whole address in the goal."
        )
    try:
        fetched = await http.get(url)
    except (ToolError, StopTask) as error:
        raise InvalidInput(f"The attachment {name} could not be fetched: {error}") from None
    if fetched.status >= 400:
        raise InvalidInput(f"The attachment {name} could not be fetched: {url} answered {fetched.status}.")
    visibility = Visibility.PRIVATE if fetched.private else Visibility.PUBLIC
    label = Label(sources=("tool:http_get",), trust=Trust.UNTRUSTED, visibility=visibility)
    return fetched.text.encode("utf-8", "replace"), label, fetched.content_type


def _encoded(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"The attachment {name} holds half of a surrogate pair, which is no character.") from None


def _decoded(data: str, name: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (NotBase64, ValueError):
        raise InvalidInput(f"The attachment {name} is not base64.") from None


def _as_text(data: bytes) -> str | None:
    """The text that has exactly these bytes; ``None`` where they are no text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _free_name(said: str, taken: set[str]) -> str:
    """A file name that is safe on any system and not taken: no folders, no hidden files, no odd characters."""
    name = _NOT_IN_NAMES.sub("_", PurePosixPath(said.replace("\\", "/")).name).strip(" .")
    stem, suffix = PurePosixPath(name or "attachment").stem, PurePosixPath(name).suffix[:20]
    stem = stem.encode()[:_NAME_CHARS].decode(errors="ignore")
    number, free = 1, f"{stem}{suffix}"
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free
