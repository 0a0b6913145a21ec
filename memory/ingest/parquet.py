"""Parquet to records, batch after batch: the file is never whole in memory."""

from collections.abc import Iterator
from typing import IO, Any

from memory.errors import UnreadableDocument
from memory.ingest.chunks import Block, Place
from memory.ingest.tables import render

_ROWS = 1000


def parquet_blocks(file: IO[bytes]) -> Iterator[Block]:
    """One record for each row, placed by ``row`` from 1. Raises ``UnreadableDocument``."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise UnreadableDocument(
            "Parquet files are read by pyarrow, which is not installed.", hint="Install it: pip install 'journeyman[parquet]'."
        ) from None
    number = 0
    for batch in _batches(pyarrow.parquet, file):
        for row in batch:
            number += 1
            yield Block(render(row), Place("row", number, number), "record")


def _batches(parquet: Any, file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    import pyarrow

    try:
        opened = parquet.ParquetFile(file)
        for batch in opened.iter_batches(batch_size=_ROWS):
            yield batch.to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UnreadableDocument(f"It is not a readable Parquet file: {str(error).splitlines()[0]}.") from None
