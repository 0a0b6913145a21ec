"""Sums that the goal itself spells out: plain arithmetic, lists of priced things, sums on the answer before."""

import re
from decimal import Decimal
from itertools import pairwise

from llm.providers.rehearsal.answers import Answer, Line
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.reckoning import arithmetic
from llm.providers.rehearsal.reckoning.phrases import amount, given_name
from llm.providers.rehearsal.reckoning.question import Means, Question


def as_written(question: Question, means: Means) -> Answer | None:
    """Arithmetic in symbols or words, and nothing else."""
    for text in dict.fromkeys((question.full, question.text)):
        expression = arithmetic.from_words(text)
        value = _value(expression, means) if expression is not None else None
        if expression is not None and value is not None:
            unit = arithmetic.money_in(text)
            return Answer((Line(f"{arithmetic.pretty(expression)} = {amount(value, unit)}"),), value=value, unit=unit)
    return None


def follow_on(text: str, last: Answer | None, means: Means) -> Answer | None:
    """``What is 20% of that?``, ``divide it by 3``: arithmetic on the answer before."""
    if last is None or last.value is None:
        return None
    expression = arithmetic.on_previous(text, last.value)
    value = _value(expression, means) if expression is not None else None
    if expression is None or value is None:
        return None
    line = Line(f"{arithmetic.pretty(expression)} = {amount(value, last.unit)}")
    return Answer((line,), value=value, unit=last.unit)


def _value(expression: str, means: Means) -> Decimal | None:
    try:
        return numerals.first_number(means.calculate(expression))
    except arithmetic.NotArithmetic:
        return None


_AT = re.compile(r"\s*,?\s*(?:at|for|@|costing|costs?|priced\s+at|worth|x|×|times)\s*(?:a\s+price\s+of\s+)?$", re.IGNORECASE)
_EACH = re.compile(r"^\s*(?:each|apiece|a\s+piece|per\s+\w+|every|an?\s+\w+)\b", re.IGNORECASE)
_TOTAL = re.compile(r"\b(?:total|altogether|how much|cost|pay|sum|in all|come to|worth|price)\b|\?\s*$", re.IGNORECASE)


def priced_list(question: Question, means: Means) -> Answer | None:
    """``3 boxes at 4.20 euros and 5 bags at 2 euros``: every number of things with its price, added up."""
    text = question.told
    found = find_quantities(text)
    pairs = [(a, b) for a, b in pairwise(found) if _is_priced(text, a, b)]
    if not pairs or len(pairs) * 2 != len(found) or not _TOTAL.search(text) or len({b.unit for _, b in pairs}) != 1:
        return None
    if len(pairs) == 1 and not (pairs[0][1].per or _EACH.match(text[pairs[0][1].end :]) or re.search(r"\sat\s|@", text)):
        return None
    expression = " + ".join(f"{numerals.plain(a.value)} * {numerals.plain(b.value)}" for a, b in pairs)
    value = _value(expression, means)
    if value is None:
        return None
    unit = pairs[0][1].unit
    words = " + ".join(f"{given_name(a)} × {amount(b.value, b.unit)}" for a, b in pairs)
    return Answer((Line(f"{arithmetic.pretty(expression)} = {amount(value, unit)} ({words})."),), value=value, unit=unit)


def _is_priced(text: str, a: Quantity, b: Quantity) -> bool:
    things = a.unit is not None and not a.is_money and not a.is_percent and not a.per
    return things and b.is_money and _AT.search(text[a.end : b.start]) is not None and len(text[a.end : b.start]) < 30
