"""Speed: a distance and a time of one sentence, divided."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import COMPOUND, Unit, known_unit, plural, steps
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reckoning.arithmetic import pretty
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means, Question

_SPEED = re.compile(r"\bhow fast\b|\bspeed\b|\bkm/h\b|\bmph\b|\bm/s\b|\bknots\b", re.IGNORECASE)
_WANTED = re.compile(r"\b(?:" + "|".join(map(re.escape, COMPOUND)) + r")\b", re.IGNORECASE)


def average_speed(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """Distance over time, where the question or a sentence gives one of each and no speed."""
    if not _SPEED.search(question.text):
        return None
    if (own := _both(question.told)) is not None:
        return _divided(*own, question.text, means)
    for scored in evidence.rank(question.text, question.context)[:4]:
        if _has_speed(scored.segment.text):
            return None
        found = _both(scored.segment.text)
        answer = _divided(*found, question.text, means) if found else None
        if answer is not None:
            told = said(answer.lines[0].text, scored.segment)
            return Answer((quoted(scored.segment), told), value=answer.value)
    return None


def _both(text: str) -> tuple[Quantity, Quantity] | None:
    found = [q for q in find_quantities(text) if q.unit is not None and not q.per and not q.is_bound]
    lengths = [q for q in found if q.unit and q.unit.dimension == "length"]
    times = [q for q in found if q.unit and q.unit.dimension == "time"]
    return (lengths[0], times[0]) if len(lengths) == len(times) == 1 else None


def _has_speed(text: str) -> bool:
    return any(q.per and q.unit and q.unit.dimension == "length" for q in find_quantities(text))


def _divided(way: Quantity, time: Quantity, question: str, means: Means) -> Answer | None:
    wanted = _WANTED.search(question)
    top, bottom = COMPOUND[wanted.group().lower()] if wanted else (way.unit.name if way.unit else "", "hour")
    length, hour = known_unit(top), known_unit(bottom)
    if length is None or hour is None or way.unit is None or time.unit is None:
        return None
    expression = f"{_in(way, way.unit, length)} / ({_in(time, time.unit, hour)})"
    value = numerals.first_number(means.calculate(expression))
    if value is None:
        return None
    shown = f"{numerals.show(value)} {plural(length, Decimal(2))} per {hour.name}"
    working = f"{amount(way.value, way.unit)} in {amount(time.value, time.unit)}"
    return Answer((said(f"{pretty(expression)} = {shown} ({working})."),), value=value)


def _in(q: Quantity, unit: Unit, wanted: Unit) -> str:
    times, over = steps(unit, wanted) or (Decimal(1), Decimal(1))
    top = numerals.plain(q.value) + (f" * {numerals.plain(times)}" if times != 1 else "")
    return top + (f" / {numerals.plain(over)}" if over != 1 else "")
