"""CSV and JSON to records: one readable line or a few for each row or object."""

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from memory.errors import UnreadableDocument
from memory.ingest.chunks import Block, Place

_DELIMITERS = ",;\t|"
_SAMPLE = 65_536


def csv_blocks(text: str, *, delimiter: str | None = None) -> list[Block]:
    """One record for each row, ``column: value; column: value``. Rows are counted as spreadsheets do: the header is row 1.

    A row that is too short lacks its last columns; a cell beyond the header is named after its number.
    """
    return list(csv_records(io.StringIO(text, newline=""), delimiter or delimiter_of(text)))


def csv_records(lines: Iterable[str], delimiter: str) -> Iterator[Block]:
    """The same one after the other; ``lines`` keep their ends."""
    try:
        rows = enumerate(csv.reader(lines, delimiter=delimiter), 1)
        filled = ((number, row) for number, row in rows if any(cell.strip() for cell in row))
        first = list(itertools.islice(filled, 2))
        header = first[0][1] if len(first) > 1 and _is_header(first[0][1]) else []
        for number, row in itertools.chain(first[1:] if header else first, filled):
            yield Block(_row(header, row), Place("row", number, number), "record")
    except csv.Error as error:
        raise UnreadableDocument(f"It is not readable as a table: {error}.") from None


def delimiter_of(text: str) -> str:
    """The likely one, by the first line of ``text``."""
    first = text[:_SAMPLE].split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count) if any(mark in first for mark in _DELIMITERS) else ","


def _is_header(row: list[str]) -> bool:
    names = [cell.strip() for cell in row]
    return all(names) and len(set(names)) == len(names) and not any(_is_number(name) for name in names)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _row(header: list[str], row: list[str]) -> str:
    cells = []
    for index, cell in enumerate(row):
        name = header[index].strip() if index < len(header) else f"column {index + 1}"
        if cell.strip():
            cells.append(f"{name}: {cell.strip()}")
    return "; ".join(cells)


def json_blocks(text: str, size: int) -> list[Block]:
    """Records under their JSON paths: ``$.fees``, ``$.items[2]``, and ``$.items[2-5]`` once small ones share a chunk."""
    return _guarded(lambda: list(_walk("$", _parse(text, "It"), size)))


def jsonl_blocks(text: str) -> list[Block]:
    """One record for each line, placed by ``line``."""
    return list(jsonl_records(text.split("\n")))


def jsonl_records(lines: Iterable[str]) -> Iterator[Block]:
    """The same one after the other."""
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield Block(render(_parse(line, f"Line {number}")), Place("line", number, number), "record")
    except RecursionError:
        raise UnreadableDocument("It is nested too deeply.") from None


def _guarded(read: Any) -> list[Block]:
    try:
        blocks: list[Block] = read()
    except RecursionError:
        raise UnreadableDocument("It is nested too deeply.") from None
    return blocks


def _parse(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableDocument(f"{what} is not valid JSON: {error}.") from None


def _walk(path: str, value: Any, size: int) -> Iterator[Block]:
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            text = render(item)
            if len(text) <= size:
                yield Block(text, Place(path, index, index), "record")
            else:
                yield from _walk(f"{path}[{index}]", item, size)
    elif isinstance(value, dict) and (len(text := render(value)) > size or any(_is_records(item) for item in value.values())):
        yield from _walk_object(path, value, size)
    elif text := render(value):
        yield Block(text, Place(path), "record")


def _walk_object(path: str, value: dict[str, Any], size: int) -> Iterator[Block]:
    """The small entries together under the object's own path; each large one, and each list of records, under its own."""
    small = {key: item for key, item in value.items() if not _is_records(item) and len(render(item)) <= size // 4}
    text = render(small)
    if len(text) > size:  # many small entries make one large text
        for key, item in small.items():
            yield Block(render({key: item}), Place(_step(path, key)), "record")
    elif text:
        yield Block(text, Place(path), "record")
    for key, item in value.items():
        if key not in small:
            yield from _walk(_step(path, key), item, size)


def _step(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def render(value: Any) -> str:
    """An object as lines ``name: value``, names of nested ones joined by dots."""
    return "\n".join(_lines("", value))


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines(f"{name}.{key}" if name else key, item)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _lines(f"{name}[{index}]", item)
    else:
        text = ", ".join(_scalar(item) for item in value) if isinstance(value, list) else _scalar(value)
        if text.strip():
            yield f"{name}: {text}" if name else text


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bytes):
        return f"({len(value):,} bytes)"
    return json.dumps(value, ensure_ascii=False) if value is None or isinstance(value, int | float) else str(value)
