"""Rows of tables in text: Markdown, CSV, JSON, and lines that name each column (``name: Ada, age: 36``)."""

import csv
import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its cells as (column, value), and a text to quote."""

    cells: tuple[tuple[str, str], ...]
    text: str


def read_records(text: str, *, records_only: bool = False) -> tuple[list[Record], str]:
    """The records in ``text``, and the rest of the text without them. With ``records_only``, ``key: value`` lines are records
    whatever their first key is."""
    from_json = _json(text)
    if from_json is not None:
        return from_json, ""
    records: list[Record] = []
    rest: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        found, used = _block(lines, at, records_only)
        if found:
            records += found
        else:
            rest.append(lines[at])
        at += used if found else 1
    return records, "\n".join(rest)


def _block(lines: list[str], at: int, records_only: bool) -> tuple[list[Record], int]:
    line = lines[at]
    if line.count("|") >= 1 and at + 1 < len(lines) and _RULE.match(lines[at + 1]):
        return _markdown(lines, at)
    if record := _named(line):
        return [record], 1
    for delimiter in (",", ";", "\t", "|"):
        if line.count(delimiter) >= 1:
            found = _delimited(lines, at, delimiter)
            if found[0]:
                return found
    return _keyed(lines, at, records_only)


_RULE = re.compile(r"^\s*\|?\s*:?-{2,}[-:\s|]*$")


def _markdown(lines: list[str], at: int) -> tuple[list[Record], int]:
    header = _bars(lines[at])
    end = at + 2
    records: list[Record] = []
    while end < len(lines) and "|" in lines[end]:
        records.append(_record(header, _bars(lines[end])))
        end += 1
    return records, end - at


def _bars(line: str) -> list[str]:
    return [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")]


def _record(header: list[str], values: list[str]) -> Record:
    cells = tuple((name, value) for name, value in zip(header, values, strict=False) if value)
    return Record(cells, "; ".join(f"{name}: {value}" if name else value for name, value in cells))


def _delimited(lines: list[str], at: int, delimiter: str) -> tuple[list[Record], int]:
    """A header and at least one row with as many cells; prose with commas is told apart by its long or closed cells."""
    end = at
    while end < len(lines) and lines[end].strip() and (delimiter in lines[end]):
        end += 1
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(lines[at:end], delimiter=delimiter, skipinitialspace=True)
        ]
    except csv.Error:
        return [], 0
    same = [row for row in rows if len(row) == len(rows[0])]
    if len(same) < 2 or len(same) < len(rows) or not _is_header(rows[0]):
        return [], 0
    if any(len(cell) > 200 for row in rows for cell in row) or lines[at + 1].rstrip().endswith((".", "!", "?", ":")):
        return [], 0
    return [_record(rows[0], row) for row in rows[1:]], end - at


def _is_header(cells: list[str]) -> bool:
    names = all(cell and len(cell) <= 40 and not cell.endswith(".") and len(cell.split()) <= 6 for cell in cells)
    return names and not any(re.fullmatch(r"[-+]?[\d.,]+", cell) for cell in cells) and len(set(cells)) == len(cells)


_NAMED = re.compile(r"^\s*(?P<key>[^\W\d][^:=|;,]{0,40}?)\s?[:=](?!(?<=\d:)\d)\s?(?P<value>\S.*?)\s*$")


def _named(line: str) -> Record | None:
    """``name: Ada; age: 36`` (also with commas, bars or tabs between)."""
    if len(line) > 4000:
        return None
    for delimiter in (" | ", "; ", "\t", ", ", " · "):
        parts = line.strip().strip("-*• ").split(delimiter)
        matches = [_NAMED.match(part) for part in parts]
        if len(parts) > 1 and all(matches):
            return Record(tuple((m["key"].strip(" *"), m["value"]) for m in matches if m), line.strip())
    return None


_FIRST_KEYS = frozenset(["name", "id", "title", "item", "product", "date", "sku", "key", "customer", "employee", "order"])


def _keyed(lines: list[str], at: int, records_only: bool) -> tuple[list[Record], int]:
    """A block of ``key: value`` lines that are records: the first key comes again, or is one that names a thing."""
    end = at
    pairs: list[tuple[str, str]] = []
    while end < len(lines) and (match := _NAMED.match(lines[end])) and len(match["key"].split()) <= 3:
        pairs.append((match["key"].strip(" *"), match["value"]))
        end += 1
    first = pairs[0][0] if pairs else ""
    starts = [i for i, (key, _) in enumerate(pairs) if key == first]
    is_record = records_only or len(starts) > 1 or first.lower() in _FIRST_KEYS
    if len(pairs) < 2 or not is_record or (end < len(lines) and lines[end].strip()):
        return [], 0
    groups = [pairs[i:j] for i, j in zip(starts, [*starts[1:], len(pairs)], strict=True)]
    return [Record(tuple(group), "; ".join(f"{k}: {v}" for k, v in group)) for group in groups], end - at


def _json(text: str) -> list[Record] | None:
    stripped = text.strip()
    if not stripped.startswith(("{", "[")) or len(stripped) > 2_000_000:
        return None
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    records: list[Record] = []
    _collect(value, (), records, 0)
    return records


def _collect(value: Any, path: tuple[tuple[str, str], ...], records: list[Record], depth: int) -> None:
    """Each object becomes a record of its plain members; what it is nested in stays with it."""
    if depth > 20:
        return
    if isinstance(value, list):
        for item in value:
            _collect(item, path, records, depth + 1)
    elif isinstance(value, dict):
        own = tuple((str(k), _scalar(v)) for k, v in value.items() if _is_plain(v))
        if own:
            cells = path + own
            records.append(Record(cells, "; ".join(f"{k}: {v}" for k, v in cells)))
        for key, item in value.items():
            if not _is_plain(item):
                _collect(
                    item, (*path, *own[:1]) if isinstance(item, list) else (*path, ("part", str(key))), records, depth + 1
                )
    elif value is not None:
        records.append(Record((*path, ("value", _scalar(value))), _scalar(value)))


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (dict, list)) or (
        isinstance(value, list) and all(not isinstance(v, (dict, list)) for v in value)
    )


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_scalar(v) for v in value)
    return (
        {True: "true", False: "false", None: ""}.get(value, str(value))
        if isinstance(value, bool) or value is None
        else str(value)
    )
