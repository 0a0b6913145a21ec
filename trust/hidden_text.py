"""Characters that a model reads and a person does not see.

They carry instructions past whoever looks at a page (Unicode tags, variation selectors, zero-width characters), show it in
another order than it is read in (bidirectional controls), or drive a terminal. What writing really needs of them stays:
joiners between letters of scripts that are not Latin and inside emoji, and one selector behind a character with variants.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

_KINDS = {
    "tags": "\U000e0000-\U000e007f",
    "bidi": "\u202a-\u202e\u2066-\u2069",
    "marks": "\u200e\u200f\u061c",
    "zero_width": "\u200b\u2060-\u2064\ufeff\u180e\u00ad\u206a-\u206f\ufff9-\ufffb\U0001d173-\U0001d17a",
    "joiners": "\u200c\u200d",
    "selectors": "\ufe00-\ufe0f\U000e0100-\U000e01ef",
    "fillers": "\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5",
    "controls": "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f",
}
_ESCAPE = r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])"
_CLASS = f"[{''.join(_KINDS.values())}]"
_ANY = re.compile(_CLASS)
_HIDDEN = re.compile(f"{_ESCAPE}|{_CLASS}")
_KIND_OF = {name: re.compile(f"[{chars}]") for name, chars in _KINDS.items()}
_KEYCAP = "\u20e3"
_FEW = 10


@dataclass(frozen=True, slots=True)
class Stripped:
    """A text without hidden characters. ``removed`` counts them by kind; ``hidden`` is what Unicode tags spelled."""

    text: str
    removed: dict[str, int] = field(default_factory=dict)
    hidden: str = ""

    @property
    def suspicious(self) -> bool:
        """Whether somebody seems to have hidden something: honest texts hold a stray mark, but no message in them."""
        few = sum(count for kind, count in self.removed.items() if kind not in ("escapes", "controls"))
        return "tags" in self.removed or "bidi" in self.removed or few >= _FEW


def strip_hidden(text: str) -> Stripped:
    """``text`` without what no reader sees. Takes time linear in the text."""
    if _ANY.search(text) is None:
        return Stripped(text)
    removed: Counter[str] = Counter()
    tags: list[str] = []

    def take(found: re.Match[str]) -> str:
        kind = _kind(found[0])
        if _is_needed(kind, found):
            return found[0]
        removed[kind] += 1
        if kind == "tags" and 0x20 <= (letter := ord(found[0]) - 0xE0000) < 0x7F:
            tags.append(chr(letter))
        return ""

    clean = _HIDDEN.sub(take, text)
    return Stripped(clean, dict(removed), "".join(tags)) if removed else Stripped(text)


def _kind(found: str) -> str:
    if len(found) > 1:
        return "escapes"
    return next(name for name, pattern in _KIND_OF.items() if pattern.match(found))


def _is_needed(kind: str, found: re.Match[str]) -> bool:
    if kind not in ("joiners", "selectors"):
        return False
    text, start, end = found.string, found.start(), found.end()
    before, behind = text[start - 1 : start], text[end : end + 1]
    if kind == "selectors":
        return behind == _KEYCAP or _is_seen(before)
    return _is_seen(behind) and (_is_seen(before) or before == "\ufe0f")


def _is_seen(char: str) -> bool:
    """A character outside ASCII that a reader sees."""
    return char > "\x7f" and _ANY.match(char) is None
