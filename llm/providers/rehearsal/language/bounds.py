"""Numbers that bound: ``up to 180 metres``, ``at least 16``, ``8-12 m``."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from llm.providers.rehearsal.language.quantity import Quantity

_GAP = r"\s*(?:an?\s|the\s|age\s|ages\s)?[€$£]?$"
_UPPER = re.compile(
    rf"""(?:up\s+to | at\s+most | max(?:imum|\.)?(?:\s+of)? | under | below | younger\s+than
        | (?:less|fewer|shorter|lighter|smaller|lower|slower)\s+than | no\s+(?:more|longer|larger|heavier)\s+than
        | not\s+(?:more\s+than|exceed(?:ing)?) | within | ≤ | <){_GAP}""",
    re.IGNORECASE | re.VERBOSE,
)
_LOWER = re.compile(
    rf"""(?:over | above | (?:more|longer|larger|bigger|heavier|older|greater|higher|taller|faster|deeper|wider)\s+than
        | at\s+least | no\s+(?:less|fewer)\s+than | min(?:imum|\.)?(?:\s+of)? | exceed(?:s|ing)? | beyond | from
        | starting\s+(?:at|from) | ≥ | >){_GAP}""",
    re.IGNORECASE | re.VERBOSE,
)
_STRICT = re.compile(
    rf"""(?:\b(?:over|above|under|below|beyond|exceed(?:s|ing)?|than)|[<>]){_GAP}""", re.IGNORECASE | re.VERBOSE
)
_NOT_THAN = re.compile(rf"\b(?:no|not)\s+(?:be\s+)?(?P<how>\w+)\s+than{_GAP}", re.IGNORECASE)
_OR_MORE = re.compile(
    r"""\s*(?:or\s+(?:more|longer|over|above|larger|older|higher|heavier)|and\s+(?:more|over|above|longer|older|up)
        | \+(?!\s?\d) | upwards | and\s+upwards)""",
    re.IGNORECASE | re.VERBOSE,
)
_OR_LESS = re.compile(
    r"\s*(?:or (?:less|fewer|under|below|shorter|younger|lighter|smaller)|and (?:under|below))", re.IGNORECASE
)
_RANGE = re.compile(r"\s?(?:-|–|—|to|and)\s?$")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a number leaves open below and above; ``strict`` leaves the number itself out."""

    low: Decimal | None = None
    high: Decimal | None = None
    strict: bool = False

    def hold(self, value: Decimal) -> bool:
        """Whether a value keeps within them."""
        if self.strict and value in (self.low, self.high):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None


def limits(text: str, q: Quantity) -> Limits:
    """The bounds that the words around a quantity (of money, too) set."""
    if q.low is not None and q.high is not None:
        return Limits(q.low, q.high)
    before, after = text[max(0, q.start - 28) : q.start], text[q.end : q.end + 16]
    if turned := _NOT_THAN.search(before):
        return Limits(low=q.value) if turned["how"].lower() in ("less", "fewer") else Limits(high=q.value)
    low = q.value if _LOWER.search(before) or _OR_MORE.match(after) else None
    high = q.value if _UPPER.search(before) or _OR_LESS.match(after) else None
    strict = _STRICT.search(before) is not None
    return Limits(low, None if low is not None else high, strict)


def with_bound(text: str, q: Quantity) -> Quantity:
    """The quantity with ``low`` or ``high`` where it bounds; prices are bounded from above only (``from 12 euros`` is a
    price)."""
    found = limits(text, q)
    low = None if q.is_money else found.low
    return replace(q, low=low, high=found.high) if low is not None or found.high is not None else q


def with_range(text: str, found: list[Quantity], i: int) -> Quantity:
    """``8-12 m`` and ``between 8 and 12 m``: the second number carries both bounds."""
    q = found[i]
    if i == 0 or q.is_money or q.per:
        return q
    first = found[i - 1]
    between = text[first.end : q.start]
    opens = re.search(r"\b(?:between|from)\s$", text[max(0, first.start - 9) : first.start], re.IGNORECASE)
    joined = _RANGE.fullmatch(between) and (opens or between.strip() in ("-", "–", "—", "to"))
    if joined and (first.unit is None or first.unit == q.unit) and first.value < q.value:
        return replace(q, start=first.start, low=first.value, high=q.value)
    return q
