"""One quantity in another unit: given in the question, or found in a document."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, quoted
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.units import UNIT_WORDS, Unit, plural, steps
from llm.providers.rehearsal.language.words import content
from llm.providers.rehearsal.reading.evidence import Evidence, lacks_focus
from llm.providers.rehearsal.reading.facts import find_facts
from llm.providers.rehearsal.reckoning import arithmetic
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.products import Target
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.target import wanted_unit

_FILLERS = frozenset(
    """convert equal equals same make fit unit be go express written value approximately about roughly exactly cost
    measure add""".split()
)
_MOST_OTHER_WORDS = 2
_LEAST_SCORE = 0.4


def convert_given(question: Question, means: Means) -> Answer | None:
    """``How many weeks are in 2 years?``, ``12 km in miles``."""
    text = question.full
    wanted = wanted_unit(text)
    givens = [g for g in question.givens if g.unit is not None and not g.per]
    others = [w for w in content(text) if w not in _FILLERS and w not in UNIT_WORDS and not w.isdigit()]
    if re.search(r"\bis (?:that|this|it)\b", text, re.IGNORECASE) and question.earlier:
        return None
    if wanted is None or len(givens) != 1 or len(others) > _MOST_OTHER_WORDS or givens[0].unit is None:
        return None
    if givens[0].unit == wanted and re.search(r"\d\D+\d", str(text[givens[0].start : givens[0].end])):
        told = f"{text[givens[0].start : givens[0].end].strip()} = {amount(givens[0].value, wanted)}"
        return Answer((Line(told),), value=givens[0].value, unit=wanted)
    return converted(givens[0].value, givens[0].unit, wanted, means)


def convert_found(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """A quantity that a document gives, in the unit the question wants (``how long is the bridge in feet``)."""
    wanted = wanted_unit(question.text)
    if wanted is None:
        return None
    stated = Target(wanted.dimension)
    about = re.sub(rf"\bin\s+(?:{re.escape(wanted.name)}\w*|{re.escape(plural(wanted, Decimal(2)))})\b", " ", question.text)
    for scored in evidence.rank(about, question.context)[:5]:
        if scored.score < _LEAST_SCORE or lacks_focus(question.text, scored):
            break
        for fact in find_facts(scored.segment):
            if fact.unit == wanted and not fact.per:
                return None  # it is told in the unit wanted
            if fact.unit is None or fact.per:
                continue
            if stated.takes(fact.unit) or steps(fact.unit, wanted):
                answer = converted(fact.value, fact.unit, wanted, means)
                if answer is not None:
                    return Answer((quoted(scored.segment), *answer.lines), value=answer.value, unit=answer.unit)
    return None


def converted(value: Decimal, unit: Unit, wanted: Unit, means: Means) -> Answer | None:
    """``value`` ``unit`` in ``wanted``, with the working; ``None`` when they do not convert."""
    expression = conversion(value, unit, wanted)
    if expression is None:
        return None
    result = numerals.first_number(means.calculate(expression))
    if result is None:
        return None
    text = f"{amount(value, unit)} = {amount(result, wanted)} ({arithmetic.pretty(expression)}{_convention(unit, wanted)})"
    return Answer((Line(text),), value=result, unit=wanted)


def _convention(unit: Unit, wanted: Unit) -> str:
    """Which length of a month or year was reckoned with."""
    months = next((u for u in (unit, wanted) if u.dimension == "months"), None)
    if months is None or unit.dimension == wanted.dimension:
        return ""
    if "week" in (unit.name, wanted.name):
        return ", with 52 weeks to a year"
    return f", with {'30 days to a month' if months.name == 'month' else '365 days to a year'}"


_TEMPERATURES = {
    ("celsius", "fahrenheit"): "{} * 9 / 5 + 32",
    ("fahrenheit", "celsius"): "({} - 32) * 5 / 9",
    ("celsius", "kelvin"): "{} + 273.15",
    ("kelvin", "celsius"): "{} - 273.15",
}


def conversion(value: Decimal, unit: Unit, wanted: Unit) -> str | None:
    """The expression that turns ``value`` ``unit`` into ``wanted``; ``None`` when they do not convert."""
    shown = numerals.plain(value)
    if unit == wanted:
        return None
    if unit.dimension == wanted.dimension == "temperature":
        step = _TEMPERATURES.get((unit.name, wanted.name))
        return step.format(shown) if step else None
    found = steps(unit, wanted)
    if found is None:
        return None
    times, over = found
    top = "" if times == 1 else f" * {numerals.plain(times)}"
    bottom = "" if over == 1 else f" / {numerals.plain(over)}"
    return f"{shown}{top}{bottom}"
