"""A tool's result as the passages it is made of, so that one of them can be withheld and the rest be read."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_PASSAGE_CHARS = 2_000
_BREAK = re.compile(r"(\n[ \t]*\n+)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a text field. ``field`` is ``text`` for a plain result, a path as ``data.items[0].body`` for others."""

    field: str
    text: str


def passages(content: str, data: Any) -> list[Passage]:
    """Every passage, each once: of ``data`` where there is any, and of ``content`` where it says something of its own."""
    found = [] if data is None else list(_of_json("data", data))
    if data is None or not _is_json_of(content, data):
        found += list(_of_text("text", content))
    return list({passage.text: passage for passage in reversed(found)}.values())[::-1]


def rewritten(content: str, data: Any, change: Callable[[str], str]) -> tuple[str, Any]:
    """The result with ``change`` applied to each passage."""
    changed = None if data is None else _rewrite_json(data, change)
    if data is not None and _is_json_of(content, data):
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":")), changed
    return _rewrite_text(content, change), changed


def _of_json(path: str, value: Any) -> Iterator[Passage]:
    if isinstance(value, str):
        yield from _of_text(path, value)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _of_text(f"{path} (key)", key)
            yield from _of_json(f"{path}.{key[:40]}", part)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _of_json(f"{path}[{number}]", part)


def _of_text(path: str, text: str) -> Iterator[Passage]:
    yield from (Passage(path, piece) for piece in _pieces(text) if piece.strip())


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs and what parts them; the longest are cut, so that little is withheld with what offends."""
    for part in _BREAK.split(text):
        for start in range(0, len(part), MAX_PASSAGE_CHARS):
            yield part[start : start + MAX_PASSAGE_CHARS]


def _rewrite_text(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(piece) if piece.strip() else piece for piece in _pieces(text))


def _rewrite_json(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return _rewrite_text(value, change)
    if isinstance(value, dict):
        return {_rewrite_text(key, change): _rewrite_json(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_rewrite_json(part, change) for part in value]
    return value


def _is_json_of(content: str, data: Any) -> bool:
    if content[:1] not in "{[\"'":
        return False
    try:
        return bool(json.loads(content) == data)
    except (ValueError, RecursionError):
        return False
