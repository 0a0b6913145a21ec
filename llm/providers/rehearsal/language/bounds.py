"""Numbers that bound: ``up to 180 metres``, ``at least 16``, ``8-12 m``."""

import re

from llm.providers.rehearsal.language.quantity import Quantity

_UPPER = re.compile(
    r"(?:up to|at most|max(?:imum|\.)?(?: of)?|under|below|(?:less|fewer|shorter|lighter|smaller) than|no more than|not exceeding|≤|<)\s*(?:an?\s|the\s)?[€$£]?$",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"(?:over|above|(?:more|longer|larger|bigger|heavier|older|greater) than|at least|min(?:imum|\.)?(?: of)?|exceeding|beyond|from|starting (?:at|from)|≥|>)\s*(?:an?\s|the\s)?[€$£]?$",
    re.IGNORECASE,
)
_OR_MORE = re.compile(
    r"\s*(?:or (?:more|longer|over|above|larger|older)|and (?:more|over|above|longer|older|up)|\+(?!\s?\d)|upwards)",
    re.IGNORECASE,
)
_OR_LESS = re.compile(r"\s*(?:or (?:less|fewer|under|below|shorter|younger)|and (?:under|below))", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:-|–|—|to|and)\s?$")


def with_bound(text: str, q: Quantity) -> Quantity:
    before = text[max(0, q.start - 24) : q.start]
    after = text[q.end : q.end + 14]
    low = q.value if _LOWER.search(before) or _OR_MORE.match(after) else None
    high = q.value if _UPPER.search(before) or _OR_LESS.match(after) else None
    if q.is_money and not (_UPPER.search(before) or _OR_LESS.match(after)):
        low = None
    return Quantity(q.value, q.unit, q.start, q.end, q.per, q.noun, low, high) if low is not None or high is not None else q


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
        return Quantity(q.value, q.unit, first.start, q.end, q.per, q.noun, first.value, q.value)
    return q
