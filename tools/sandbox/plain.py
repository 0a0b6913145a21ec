"""From what a program returns to JSON, within bounds.

A few lines can make a value that is small in memory and endless when it is written out, since its parts are shared; so what
counts is what has been written, not what there is.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Any

MAX_DEPTH = 100
_LARGEST_INT = 2**63


class TooLarge(Exception):
    """The value has more text, or more levels, than may be returned."""


def plain(value: Any, max_chars: int) -> Any:
    """``value`` as JSON of at most about ``max_chars`` characters. Raises ``TooLarge``.

    Tuples and sets become lists, keys text, times ISO text; a number that JSON cannot hold, or anything else, its ``repr``.
    """
    return _Writer(max_chars).write(value, 0)


class _Writer:
    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._left = max_chars

    def write(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} levels deep")
        if value is None or isinstance(value, bool):
            self._spend(4)
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            return self._number(value) if abs(value) < _LARGEST_INT else self._text(repr(value))
        if isinstance(value, float):
            return self._number(value) if isfinite(value) else self._text(repr(value))
        return self._compound(value, depth + 1)

    def _compound(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {self._key(key): self.write(part, depth) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return self._list(value, depth)
        if isinstance(value, set | frozenset):
            return self._list(sorted(value, key=repr), depth)
        if isinstance(value, datetime | date | time):
            return self._text(value.isoformat())
        if isinstance(value, timedelta):
            return self._text(str(value))
        return self._text(repr(value))

    def _list(self, parts: Iterable[Any], depth: int) -> list[Any]:
        self._spend(2)
        return [self.write(part, depth) for part in parts]

    def _key(self, key: Any) -> str:
        return self._text(key if isinstance(key, str) else repr(key))

    def _number(self, value: float) -> float:
        self._spend(len(repr(value)))
        return value

    def _text(self, text: str) -> str:
        self._spend(len(text) + 2)
        return text

    def _spend(self, chars: int) -> None:
        self._left -= chars + 1
        if self._left < 0:
            raise TooLarge(f"more than {self._max_chars:,} characters")
