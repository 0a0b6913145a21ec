"""What a person's own words contain: whole values, never parts of longer ones.

A match can only *raise* the trust of a value. No match says nothing: values are rewritten, cut and encoded by those who
attack, so suspicion comes from labels alone.
"""

import re
from collections.abc import Iterable
from typing import Any

_URL = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}>'\""

_OPENING = frozenset("\"'`([{<\u00ab\u201e\u201c\u201a\u2018")
_CLOSING = frozenset("\"'`)]}>\u00bb\u201d\u2019\u201c\u2018")
_PAUSES = frozenset(".,;:!?")


def urls_in(text: str) -> frozenset[str]:
    """The http(s) URLs that ``text`` contains, each also without the punctuation behind it, mark by mark."""
    found = set()
    for match in _URL.finditer(text):
        url = match.group()
        found.add(url)
        while url[-1] in _TRAILING:
            url = url[:-1]
            found.add(url)
    return frozenset(found)


def mentions(texts: Iterable[str], value: Any) -> bool:
    """Whether one of ``texts`` contains ``value`` (a string or a number) whole: between blanks, quotes, brackets or the
    punctuation of a sentence. Letters count as they are written, capitals apart from small ones."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    wanted = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    if not wanted or wanted != wanted.strip():
        return False
    return any(_contains_whole(text, wanted) for text in texts)


def _contains_whole(text: str, wanted: str) -> bool:
    start = text.find(wanted)
    while start >= 0:
        if _begins(text, start) and _ends(text, start + len(wanted)):
            return True
        start = text.find(wanted, start + 1)
    return False


def _begins(text: str, start: int) -> bool:
    return start == 0 or text[start - 1].isspace() or text[start - 1] in _OPENING


def _ends(text: str, end: int) -> bool:
    """A pause ends a word only where a blank, a closing mark or the text's end follows it: ``a@b.c.evil`` is one word."""
    while end < len(text) and text[end] in _PAUSES:
        end += 1
        if end < len(text) and not (text[end].isspace() or text[end] in _PAUSES or text[end] in _CLOSING):
            return False
    return end == len(text) or text[end].isspace() or text[end] in _CLOSING
