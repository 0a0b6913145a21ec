"""Which reader takes a document, by its media type; the blocks it makes are chunked here."""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from memory.errors import UnreadableDocument
from memory.ingest import media_types
from memory.ingest.archives import refuse_archives
from memory.ingest.chunks import Block, Piece, chunk
from memory.ingest.code import code_blocks
from memory.ingest.decoding import decode
from memory.ingest.markdown import markdown_blocks, plain_blocks
from memory.ingest.media_types import media_type_of
from memory.items import Document, private_label
from memory.settings import MemorySettings
from trust.digest import digest
from trust.hidden_text import strip_hidden
from trust.labels import Label

_READING = 3
"""Raised when documents come to be read differently, so that unchanged ones are read again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document read and split, ready to be stored. ``origin`` is the folder it was found in, or ``""`` where it was handed
    over as text; ``digest`` changes whenever its pieces would."""

    name: str
    origin: str
    digest: str
    pieces: tuple[Piece, ...]
    label: Label
    metadata: dict[str, Any] = field(default_factory=dict)


def blocks_of(data: bytes, media_type: str, settings: MemorySettings) -> list[Block]:
    """The blocks of a file's content. Raises ``UnreadableDocument``."""
    if media_type == "application/pdf" or data.startswith(b"%PDF-"):
        from memory.ingest.pdf import pdf_blocks

        return pdf_blocks(data, settings.max_file_bytes)
    if media_type == media_types.DOCX:
        from memory.ingest.docx import docx_blocks

        return docx_blocks(data, settings.max_file_bytes) if data else []
    if media_type in (media_types.MAIL, media_types.MAILBOX, media_types.PARQUET):
        return _packed_blocks(data, media_type, settings) if data else []
    refuse_archives(data)
    return text_blocks(decode(data, html=media_type == "text/html"), media_type, settings)


def _packed_blocks(data: bytes, media_type: str, settings: MemorySettings) -> list[Block]:
    from memory.ingest.mail import mail_blocks, mbox_blocks
    from memory.ingest.parquet import parquet_blocks

    if media_type == media_types.MAIL:
        return mail_blocks(data, attached(settings))
    if media_type == media_types.MAILBOX:
        return list(mbox_blocks(io.BytesIO(data), attached(settings)))
    return list(parquet_blocks(io.BytesIO(data)))


def attached(settings: MemorySettings) -> Callable[[bytes, str], list[Block]]:
    """Reads what is attached to an e-mail, by its name; an e-mail as a file is not opened again."""

    def read(content: bytes, name: str) -> list[Block]:
        kind = media_type_of(name)
        if kind in (media_types.MAIL, media_types.MAILBOX):
            raise UnreadableDocument("It is an e-mail inside of another.")
        return blocks_of(content, kind, settings)

    return read


def text_blocks(text: str, media_type: str, settings: MemorySettings) -> list[Block]:
    """The blocks of a text. Raises ``UnreadableDocument``."""
    if media_type in (media_types.PYTHON, media_types.CODE):
        return code_blocks(text, python=media_type == media_types.PYTHON)
    if media_type == "text/markdown":
        return markdown_blocks(text)
    if media_type == "text/html":
        from memory.ingest.html import html_blocks

        return html_blocks(text) if text.strip() else []
    if media_type in ("text/csv", "text/tab-separated-values", "application/json", "application/jsonl"):
        return _records(text, media_type, settings.chunk_chars)
    return plain_blocks(text)


def _records(text: str, media_type: str, size: int) -> list[Block]:
    from memory.ingest.tables import csv_blocks, json_blocks, jsonl_blocks

    if not text.strip():
        return []
    if media_type == "application/json":
        return json_blocks(text, size)
    if media_type == "application/jsonl":
        return jsonl_blocks(text)
    return csv_blocks(text, delimiter="\t" if media_type == "text/tab-separated-values" else None)


def document_digest(document: Document, settings: MemorySettings) -> str:
    """What tells a document from a changed one: its text, type, label and metadata, and how it is split."""
    text = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    label = document.label.model_dump(mode="json")
    return digest([text, document.media_type, label, document.metadata, settings.chunk_chars, _READING])


def read_document(document: Document, settings: MemorySettings) -> Source:
    """Raises ``UnreadableDocument``."""
    if len(document.text) > settings.max_file_bytes:
        raise UnreadableDocument(f"It is longer than {settings.max_file_bytes:,} characters.", hint=_TOO_LARGE_HINT)
    pieces = pieces_of(text_blocks(document.text, document.media_type, settings), settings)
    return Source(document.source, "", document_digest(document, settings), pieces, document.label, document.metadata)


def read_bytes(path: Path, settings: MemorySettings) -> bytes:
    """The content of a regular file; its size is looked at before it is opened. Raises ``UnreadableDocument``."""
    limit = settings.max_file_bytes
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableDocument("It is not a regular file.")
        if status.st_size > limit:
            raise UnreadableDocument(f"It has {status.st_size:,} bytes; the limit is {limit:,}.", hint=_TOO_LARGE_HINT)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise cannot_be_opened(error) from None
    if len(data) > limit:
        raise UnreadableDocument(f"It has more than {limit:,} bytes.", hint=_TOO_LARGE_HINT)
    return data


_TOO_LARGE_HINT = "Raise `memory.max_file_bytes`, or split it."


def cannot_be_opened(error: OSError) -> UnreadableDocument:
    return UnreadableDocument(f"It cannot be opened: {os.strerror(error.errno or 0)}.")


def file_digest(data: bytes, settings: MemorySettings) -> str:
    return digest_of(hashlib.sha256(data).hexdigest(), settings)


def digest_of(content: str, settings: MemorySettings) -> str:
    """The digest of a source whose content has the SHA-256 ``content``: the same content read in the same way has the same."""
    return digest([content, settings.chunk_chars, _READING])


def read_file(data: bytes, path: Path, name: str, origin: str, settings: MemorySettings) -> Source:
    """Raises ``UnreadableDocument``."""
    pieces = pieces_of(blocks_of(data, media_type_of(path.name), settings), settings)
    return Source(name, origin, file_digest(data, settings), pieces, private_label(name))


def pieces_of(blocks: Sequence[Block], settings: MemorySettings) -> tuple[Piece, ...]:
    """The chunks of a source, fit to be stored. Raises ``UnreadableDocument`` where there is nothing to see in it."""
    seen = [_seen(block) for block in blocks]
    pieces = chunk([block for block in seen if block.text.strip()], settings.chunk_chars)
    if not pieces:
        raise UnreadableDocument("It is empty.")
    return tuple(Piece(storable(piece.text), piece.position, storable(piece.heading)) for piece in pieces)


def _seen(block: Block) -> Block:
    """Without the characters that no reader sees."""
    text, heading = strip_hidden(block.text).text, strip_hidden(block.heading).text
    return block if (text, heading) == (block.text, block.heading) else replace(block, text=text, heading=heading)


def storable(text: str) -> str:
    """``text`` with a question mark for each half of a surrogate pair: those are no characters, yet JSON can spell them."""
    return text.encode("utf-8", "replace").decode()
