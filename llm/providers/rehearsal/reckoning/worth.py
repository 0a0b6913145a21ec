"""Price times number where one row of a table has both: what so many seats cost, what a stock is worth."""

import re
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Per
from llm.providers.rehearsal.language.units import factor, known_unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reading.tabular import Row, column_words, identity
from llm.providers.rehearsal.reckoning.arithmetic import pretty
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.selection import Selection, select
from llm.providers.rehearsal.reckoning.target import find_target

_UNIT_PRICE = re.compile(r"\b(?:unit|single|each|per\s?(?:piece|unit|item))\b", re.IGNORECASE)
_PRICE = re.compile(r"\b(?:price|cost|rate|fee|charge|wage|each)\b", re.IGNORECASE)
_COUNT = re.compile(
    r"^(?:.*[_\W])?(?:quantity|qty|units?|count|number|pieces|pcs|stock|on hand|ordered|sold|amount)(?:[_\W].*)?$",
    re.IGNORECASE,
)
_TOTALLED = re.compile(r"\b(?:total|sum|line\s?total|amount|value)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Part:
    row: Row
    expression: str
    words: str
    price: Fact


def row_worth(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The product of price and number for the rows meant, added up; ``None`` where no table has both."""
    target = find_target(question.full)
    worth = target.dimension == "money" or re.search(r"\b(?:value|worth)\b", question.text, re.IGNORECASE)
    if not worth or _UNIT_PRICE.search(question.text) or _counts(question):
        return None
    selection = select(question.full, evidence.segments, question.context)
    if selection is None or any(_TOTALLED.fullmatch(c.replace("_", " ")) for c in selection.table.numeric_columns):
        return None
    if not selection.is_narrowed and not re.search(
        r"\b(?:total|all|whole|entire|altogether|everything|overall|stock)\b", question.full
    ):
        return None
    asked = frozenset(content(question.text))
    parts = [part for row in selection.rows if (part := _part(row, selection, question, asked)) is not None]
    return _told(parts, selection, means) if parts and len(parts) == len(selection.rows) else None


def _counts(question: Question) -> bool:
    """Whether the question itself says how many, so that the row's own number is not what is meant."""
    return any(g.unit is None or g.unit.dimension not in ("time", "months", "share") for g in question.givens)


def _part(row: Row, selection: Selection, question: Question, asked: frozenset[str]) -> _Part | None:
    facts = find_facts(row.segment)
    columns = {f: _column_of(f, row) for f in facts}
    prices = [f for f in facts if (f.is_money or f.unit is None) and _PRICE.search(columns[f].replace("_", " "))]
    if len(prices) != 1:
        return None
    price = prices[0]
    pers = {canon(p.unit.name) for p in price.per if p.unit.dimension == "count"}
    if pers & asked and not re.search(r"\b(?:all|total|altogether)\b", question.text):
        return None
    counts = [f for f in facts if f is not price and not f.is_money and _is_count(columns[f], pers)]
    if len(counts) != 1:
        return None
    expression = f"{numerals.plain(price.value)} * {numerals.plain(counts[0].value)}"
    words = (
        f"{amount(price.value, price.unit)} × {numerals.show(counts[0].value)} {columns[counts[0]].replace('_', ' ').lower()}"
    )
    timed = _timed(price, question)
    if timed is None:
        return None
    times, said_times = timed
    return _Part(row, expression + (f" * {numerals.plain(times)}" if times != 1 else ""), words + said_times, price)


def _column_of(fact: Fact, row: Row) -> str:
    return next((c for c, v in row.cells.items() if fact.clause == f"{c} {v}"), "")


def _is_count(column: str, pers: set[str]) -> bool:
    return bool(column_words(column) & pers) or _COUNT.search(column) is not None


def _timed(price: Fact, question: Question) -> tuple[Decimal, str] | None:
    """How often a price per month is paid in the time asked for: 12 in ``per year``; once where nothing is said."""
    per = next((p for p in price.per if p.unit.dimension in ("time", "months")), None)
    if per is None:
        return Decimal(1), ""
    given = next((g for g in question.givens if g.unit and factor(g.unit, per.unit)), None)
    if given is not None and given.unit is not None:
        times = given.value * (factor(given.unit, per.unit) or 1)
        return times, f" × {numerals.show(times)}"
    asked = _asked_period(question, per)
    return (asked, f" × {numerals.show(asked)}" if asked != 1 else "") if asked is not None else None


def _asked_period(question: Question, per: Per) -> Decimal | None:
    for target in find_target(question.full).per:
        ratio = factor(target.unit, per.unit)
        if ratio is not None:
            return ratio
    words = [t for t in tokens(question.full) if t not in STOPWORDS]
    units = [u for u in map(known_unit, words) if u is not None and factor(u, per.unit)]
    return factor(units[0], per.unit) if units else Decimal(1)


def _told(parts: list[_Part], selection: Selection, means: Means) -> Answer | None:
    whole = " + ".join(p.expression for p in parts)
    value = numerals.first_number(means.calculate(whole))
    if value is None:
        return None
    unit = parts[0].price.unit
    lines = [Line(f"“{p.row.segment.text}”", (p.row.segment.passage,)) for p in parts[:8]]
    words = " + ".join(p.words for p in parts)
    text = f"{pretty(whole)} = {amount(value, unit)} ({words})."
    subject = identity(parts[0].row) if len(parts) == 1 else ""
    return Answer((*lines, said(text, *(p.row.segment for p in parts[:8]))), value=value, unit=unit, subject=subject)
