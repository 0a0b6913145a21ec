"""A percentage that the documents give, of an amount that the question or the documents give."""

import re
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.units import UNIT_WORDS, Unit
from llm.providers.rehearsal.language.words import canon, content
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reckoning.arithmetic import pretty
from llm.providers.rehearsal.reckoning.phrases import amount, describe, given_name
from llm.providers.rehearsal.reckoning.products import Target
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.target import find_target

_ASKS = re.compile(
    r"\bhow (?:much|many)\b|\bwhat (?:amount|sum|is the|are the|would|does|do|will)\b|\bcalculate\b|\bwork out\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:including|incl|with|plus|after|before|minus|less|discounted|gross|net|reduced|increase\w*|total|cost|pay|price)\b",
    re.IGNORECASE,
)
_RATE_ASKED = re.compile(r"\b(?:percent(?:age)?|rate|what share|how high)\b|%", re.IGNORECASE)
_PASSAGES = 8


@dataclass(frozen=True, slots=True)
class _Base:
    """What the percentage is of."""

    value: Decimal
    unit: Unit | None
    words: str
    segment: Segment | None = None


def share_of(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """``What is the VAT on 200 EUR?``, ``How much goes to staff?`` (35 % of a budget): the part itself."""
    target = find_target(question.full)
    if not _ASKS.search(question.text) or _RATE_ASKED.search(question.text) or target.dimension == "time":
        return None
    about = {w for w in content(question.text) if w not in UNIT_WORDS and not w.isdigit()} - {canon("cost")}
    for scored in evidence.rank(question.text, question.context)[:_PASSAGES]:
        rates = [f for f in find_facts(scored.segment) if f.is_percent and about & f.label]
        if not rates:
            continue
        base = _given(question) or _beside(question, rates[0], target, evidence)
        return _of(rates[0], base, means) if base is not None else None
    return None


def _given(question: Question) -> _Base | None:
    """Money in the question, where it asks for the part and not for the whole with it."""
    money = [g for g in question.givens if g.is_money and not g.per]
    if len(money) != 1 or _WHOLE.search(question.text):
        return None
    return _Base(money[0].value, money[0].unit, amount(money[0].value, money[0].unit))


_PART = re.compile(
    r"(?:%|percent|per cent)\s+(?:of\b|go(?:es)?\b|is\b|are\b|takes?\b|comes?\b|live\b)|\bof (?:which|them|these|whom)\b",
    re.IGNORECASE,
)


def _beside(question: Question, rate: Fact, target: Target, evidence: Evidence) -> _Base | None:
    """The one amount of the wanted kind in the same sentence, or else the sentence before."""
    if any(not g.is_percent for g in question.givens) or not (target.dimension == "count" or _PART.search(rate.segment.text)):
        return None
    for segment in _places(rate, target, evidence):
        facts = [f for f in find_facts(segment) if not f.is_percent and not f.per and _is_base(f, target)]
        if len(facts) == 1:
            return _Base(facts[0].value, facts[0].unit, describe(facts[0]), segment)
        if facts:
            return None
    return None


def _places(rate: Fact, target: Target, evidence: Evidence) -> list[Segment]:
    """Where to look for what a percentage is of: a count of the same things anywhere in the source, money nearby."""
    own = rate.segment
    mates = [s for s in evidence.segments if s.passage.source == own.passage.source and s is not own]
    before = [s for s in reversed(mates) if s.passage == own.passage and 0 < own.order - s.order < 3]
    return [own, *(before if target.dimension in ("", "money") else mates)]


def _is_base(fact: Fact, target: Target) -> bool:
    if target.dimension not in ("", "money"):
        return target.takes(fact.unit)
    return fact.is_money


def _of(rate: Fact, base: _Base, means: Means) -> Answer | None:
    expression = f"{numerals.plain(base.value)} * {numerals.plain(rate.value)} / 100"
    value = numerals.first_number(means.calculate(expression))
    if value is None:
        return None
    segments = [rate.segment, *([base.segment] if base.segment and base.segment is not rate.segment else [])]
    text = f"{pretty(expression)} = {amount(value, base.unit)} ({numerals.show(rate.value)}% of {base.words})."
    return Answer((*map(quoted, segments), said(text, *segments)), value=value, unit=base.unit)


def split_equally(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """``Split the coach equally among 24 pupils``: an amount of the documents by a number of the question."""
    if not re.search(r"\b(?:split|share[ds]?|divide[ds]?|spread)\b", question.full, re.IGNORECASE):
        return None
    counts = [g for g in question.givens if not g.is_money and not g.is_percent and not g.is_bound and not g.per]
    if len(counts) != 1 or counts[0].value == 0:
        return None
    for scored in evidence.rank(question.full, question.context)[:_PASSAGES]:
        wanted = frozenset(content(question.full))
        facts = [f for f in find_facts(scored.segment) if f.is_money and not f.per and wanted & f.label - {canon("cost")}]
        if facts:
            expression = f"{numerals.plain(facts[0].value)} / {numerals.plain(counts[0].value)}"
            value = numerals.first_number(means.calculate(expression))
            if value is None:
                return None
            words = f"{describe(facts[0])} ÷ {given_name(counts[0])}"
            text = f"{pretty(expression)} = {amount(value, facts[0].unit)} each ({words})."
            return Answer((quoted(scored.segment), said(text, scored.segment)), value=value, unit=facts[0].unit)
    return None


_OFF = re.compile(r"\b(?:off|discount|reduc\w+|rebate|less|cheaper)\b", re.IGNORECASE)


def discounted(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """``How much does the card cost for students?``: a price of the documents with the reduction that the question names."""
    if find_target(question.full).dimension != "money" or question.givens:
        return None
    ranked = evidence.rank(question.text, question.context)[:_PASSAGES]
    wanted = frozenset(content(question.text)) - {canon("cost")}
    rates = [f for s in ranked for f in find_facts(s.segment) if f.is_percent and _OFF.search(f.clause) and _names(f, wanted)]
    prices = [f for s in ranked for f in find_facts(s.segment) if f.is_money and wanted & f.label]
    if not rates or not prices or rates[0].segment.passage.source != prices[0].segment.passage.source:
        return None
    expression = f"{numerals.plain(prices[0].value)} * (1 - {numerals.plain(rates[0].value)} / 100)"
    value = numerals.first_number(means.calculate(expression))
    if value is None:
        return None
    segments = list(dict.fromkeys((prices[0].segment, rates[0].segment)))
    per = describe(prices[0])
    text = f"{pretty(expression)} = {amount(value, prices[0].unit)} ({per}, less {numerals.show(rates[0].value)}%)."
    return Answer((*map(quoted, segments), said(text, *segments)), value=value, unit=prices[0].unit)


def _names(rate: Fact, wanted: frozenset[str]) -> bool:
    """Whether the question names who gets the reduction."""
    subject = content(rate.clause[: rate.clause.find(numerals.plain(rate.value))])
    return bool(subject) and subject[0] in wanted
