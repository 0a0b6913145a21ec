"""Large tables and mailboxes, part after part: never whole in memory, and a part that is there already is not stored again."""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from memory.errors import UnreadableDocument
from memory.ingest import media_types
from memory.ingest.chunks import Block
from memory.ingest.decoding import BINARY, encoding_of, not_in
from memory.ingest.loaders import Source, attached, cannot_be_opened, digest_of, pieces_of
from memory.ingest.mail import mbox_blocks
from memory.ingest.parquet import parquet_blocks
from memory.ingest.tables import csv_records, delimiter_of, jsonl_records
from memory.items import private_label
from memory.settings import MemorySettings

_PARTS = 25
"""A part has so many times less text than the largest file that is kept whole."""
_SAMPLE = 65_536
_PART = re.compile(r"(.+)#(?:row|line|message)=\d+", re.DOTALL)
_TEXTS = ("text/csv", "text/tab-separated-values", "application/jsonl")


def is_in_parts(path: Path, settings: MemorySettings) -> bool:
    """Whether a file is too large to be one source, and of a kind that can be many."""
    kind = media_types.media_type_of(path.name)
    if kind not in (*_TEXTS, media_types.MAILBOX, media_types.PARQUET):
        return False
    try:
        return path.is_file() and path.stat().st_size > settings.max_file_bytes
    except OSError:
        return False


def whole_of(name: str) -> str:
    """The name of the file that a part is of; any other name as it is."""
    part = _PART.fullmatch(name)
    return part[1] if part else name


def parts_of(path: Path, name: str, origin: str, settings: MemorySettings) -> Iterator[Source]:
    """The parts of a file, each named by where it begins: ``fees.csv#row=20001``. What is appended changes the
    last alone.

    Raises ``UnreadableDocument`` where it goes on no more.
    """
    try:
        with path.open("rb") as file:
            for blocks in _cut(
                _records(file, media_types.media_type_of(path.name), settings), settings.max_file_bytes // _PARTS
            ):
                yield _source(blocks, name, origin, settings)
    except OSError as error:
        raise cannot_be_opened(error) from None


def _cut(records: Iterator[Block], size: int) -> Iterator[list[Block]]:
    part: list[Block] = []
    chars = 0
    for record in records:
        part.append(record)
        chars += len(record.text)
        if chars >= size:
            yield part
            part, chars = [], 0
    if part:
        yield part


def _source(blocks: list[Block], name: str, origin: str, settings: MemorySettings) -> Source:
    place = blocks[0].place
    content = hashlib.sha256()
    for block in blocks:
        content.update(f"{block.place}\0{block.heading}\0{block.text}\0".encode("utf-8", "surrogatepass"))
    part = f"{name}#{place.unit}={place.first}"
    return Source(part, origin, digest_of(content.hexdigest(), settings), pieces_of(blocks, settings), private_label(part))


def _records(file: IO[bytes], kind: str, settings: MemorySettings) -> Iterator[Block]:
    if kind == media_types.MAILBOX:
        return mbox_blocks(file, attached(settings))
    if kind == media_types.PARQUET:
        return parquet_blocks(file)
    sample = file.read(_SAMPLE)
    file.seek(0)
    encoding = encoding_of(sample)
    if encoding == "utf-8" and b"\0" in sample:
        raise UnreadableDocument(BINARY)
    lines = _lines(file, encoding, settings.max_file_bytes)
    if kind == "application/jsonl":
        return jsonl_records(lines)
    tabs = kind == "text/tab-separated-values"
    return csv_records(lines, "\t" if tabs else delimiter_of(sample.decode(encoding, "replace")))


def _lines(file: IO[bytes], encoding: str, limit: int) -> Iterator[str]:
    """Lines with their ends. Raises ``UnreadableDocument`` for one without end, and for other encodings."""
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        while line := text.readline(limit + 1):
            if len(line) > limit:
                raise UnreadableDocument(f"It has a line of more than {limit:,} characters.")
            if "\x00" in line:
                raise UnreadableDocument(BINARY)
            yield line
    except UnicodeDecodeError:
        raise not_in(encoding) from None
