"""How long from one time of day to another, and how often something comes round."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import find_times
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.units import Unit, factor, known_unit
from llm.providers.rehearsal.language.words import canon, tokens
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reckoning.arithmetic import pretty
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.target import find_target

_HOW_LONG = re.compile(r"\bhow (?:long|many (?:hours|minutes)|much time)\b|\bduration\b|\blength of\b", re.IGNORECASE)
_LEAST_SCORE = 0.4


def between_times(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The time between the two clock times of a sentence (``How long is it open?``)."""
    if not _HOW_LONG.search(question.text):
        return None
    for scored in evidence.rank(question.text, question.context)[:3]:
        times = find_times(scored.segment.text)
        timely = any(q.unit and q.unit.dimension == "time" for q in find_quantities(scored.segment.text))
        if scored.score < _LEAST_SCORE or timely:
            return None
        if len(times) == 2:
            start, end = times
            minutes = re.search(r"\bminutes\b", question.text, re.IGNORECASE) is not None
            expression = f"{numerals.plain(end if end > start else end + 1440)} - {numerals.plain(start)}"
            expression = expression if minutes else f"({expression}) / 60"
            value = numerals.first_number(means.calculate(expression)) or Decimal(0)
            unit = known_unit("minute" if minutes else "hour")
            told = said(f"{amount(value, unit)}.", scored.segment)
            return Answer((quoted(scored.segment), told), value=value, unit=unit)
    return None


_EVERY = re.compile(
    r"\b(?:every|each|once\s+(?:in\s+)?(?:every|per|an?)|one\s+(?:\w+\s+)?every)\s+(?=other\b|second\b|\w)", re.IGNORECASE
)
_PERIOD = re.compile(r"\b(?:per|an?|each|every|in|over|within|during|for)\s+(?:the\s+)?(?P<unit>\w+)", re.IGNORECASE)


def how_often(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """How many times in a period what happens ``every 15 minutes`` happens."""
    target = find_target(question.full)
    if target.dimension != "count":
        return None
    period = _period(question)
    if period is None:
        return None
    value, unit = period
    for scored in evidence.rank(question.text, question.context)[:5]:
        if scored.score < _LEAST_SCORE:
            break
        interval = _interval(scored.segment.text)
        ratio = factor(unit, interval[1]) if interval and interval[1] else None
        if interval and ratio is not None and canon(target.noun) in scored.segment.words | {canon("time")}:
            expression = f"{numerals.plain(value * ratio)} / {numerals.plain(interval[0])}"
            count = numerals.first_number(means.calculate(expression))
            if count is None:
                return None
            words = f"{amount(value * ratio, interval[1])} ÷ {amount(interval[0], interval[1])}"
            text = f"{pretty(expression)} = {numerals.show(count)} ({words})."
            return Answer((quoted(scored.segment), said(text, scored.segment)), value=count)
    return None


def _period(question: Question) -> tuple[Decimal, Unit] | None:
    given = next((g for g in question.givens if g.unit and g.unit.dimension in ("time", "months") and not g.per), None)
    if given is not None and given.unit is not None:
        return given.value, given.unit
    for match in _PERIOD.finditer(question.full):
        unit = known_unit(match["unit"])
        if unit is not None and unit.dimension in ("time", "months"):
            return Decimal(1), unit
    return None


def _interval(text: str) -> tuple[Decimal, Unit] | None:
    """The ``15 minutes`` of ``every 15 minutes``; one where no number is given, two for ``every other``."""
    for match in _EVERY.finditer(text):
        rest = text[match.end() :]
        word = tokens(rest)[:1]
        if word in (["other"], ["second"]) and (unit := known_unit((tokens(rest)[1:2] or [""])[0])):
            return Decimal(2), unit
        quantities = find_quantities(rest[:30])
        if (
            quantities
            and quantities[0].start <= 1
            and quantities[0].unit
            and quantities[0].unit.dimension in ("time", "months")
        ):
            return quantities[0].value, quantities[0].unit
        unit = known_unit(word[0]) if word else None
        if unit is not None and unit.dimension in ("time", "months"):
            return Decimal(1), unit
    return None
