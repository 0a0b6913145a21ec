"""Amounts worked out from the rates of documents, or of the goal itself, and told with their sources."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, missing, originals, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import factor, plural
from llm.providers.rehearsal.language.words import content
from llm.providers.rehearsal.reading.evidence import Evidence, Scored, conflicts, contradicts, strong_words
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reading.passages import Passage, Segment, segments
from llm.providers.rehearsal.reading.tabular import Row, identity
from llm.providers.rehearsal.reckoning.arithmetic import pretty
from llm.providers.rehearsal.reckoning.bill import Bill, make_bill, unused_givens
from llm.providers.rehearsal.reckoning.conversion import conversion
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.products import Product
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.reckon import Reckoner
from llm.providers.rehearsal.reckoning.target import asks_for_amount, find_givens, find_target

FACTS_FROM = 60
"""How many of the best segments are searched for quantities."""
OWN = "your request"
"""The source of what the person said."""


def bill_as_given(question: Question, means: Means) -> Answer | None:
    """Rates that the person states: ``A train goes 80 km/h for 2.5 hours, how far is that?``"""
    own = segments([Passage(OWN, "", "", question.told)])
    facts = [(f, 1.0) for s in own for f in find_facts(s) if f.per]
    givens = [g for g in find_givens(question.told) if not g.per]
    if not facts or not givens or not asks_for_amount(question.full):
        return None
    reckoner = Reckoner(givens, facts, question.told, find_target(question.full))
    bill = make_bill(reckoner, question.told)
    if bill is None or len(bill.used) < len([g for g in givens if not g.is_percent]):
        return None
    return _told(bill, reckoner, means)


def bill_over(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The amount that the documents' rates give for what the question gives."""
    givens = question.givens
    if not any(g.unit is not None and not g.is_percent for g in givens) and question.earlier and refers(question.text):
        givens = find_givens(" ".join((*question.statements, *question.earlier[-1:], question.full)))
    if not (asks_for_amount(question.text) or (givens and question.statements)):
        return None
    about = question.told if len(content(question.text)) < 3 else question.full
    if re.search(r"\b(?:that|this|those)\b", question.text, re.IGNORECASE):
        about = " ".join((*question.earlier[-1:], about))
    ranked = evidence.rank(about, question.context)
    reckoner = Reckoner(givens, _facts(ranked, question.told), question.told, find_target(question.full))
    bill = make_bill(reckoner, question.told)
    if bill is None:
        return _unfinished(reckoner, means)
    if trouble := _mistaken(question, bill, evidence):
        return trouble
    return _with_rival(_told(bill, reckoner, means), bill, reckoner, means)


def refers(text: str) -> bool:
    """Whether a question speaks of something said before."""
    pronoun = re.search(r"\b(?:it|that|this|they|them|those|these|total|altogether|in all|same)\b", text, re.IGNORECASE)
    return pronoun is not None or len(content(text)) <= 2


def _facts(ranked: list[Scored], question: str) -> list[tuple[Fact, float]]:
    wanted = frozenset(content(question))
    return [
        (fact, scored.score + 0.1 * min(3, len(wanted & fact.label)) + 0.4 * _is_named(scored.segment, wanted))
        for scored in ranked[:FACTS_FROM]
        if not contradicts(wanted, scored.segment)
        for fact in find_facts(scored.segment)
    ]


def _is_named(segment: Segment, wanted: frozenset[str]) -> bool:
    """Whether the question names a row by all the words of its name."""
    if not segment.is_row:
        return False
    name = set(content(identity(Row(segment, dict(segment.cells)))))
    return bool(name) and name <= wanted


def _mistaken(question: Question, bill: Bill, evidence: Evidence) -> Answer | None:
    """A name or alternative in the question that the passage does not have: better no number than a wrong one."""
    segment = bill.parts[0].fact.segment
    sources = {f.segment.passage.source for f in bill.facts}
    mates = [s for s in evidence.segments if s.passage.source in sources]
    known = frozenset(w for s in mates for w in s.words | s.around)
    lost = [w for w in strong_words(question.text) if w not in known]
    if not lost:
        return None
    names = " or ".join(f"“{w}”" for w in originals(question.text, tuple(lost)) or lost)
    return missing(
        f"Not worked out: the documents found do not mention {names}.",
        Line(f"The closest passage: {quoted(segment).text}", (segment.passage,)),
    )


def _unfinished(reckoner: Reckoner, means: Means) -> Answer | None:
    """A rate that still needs something the question does not give: say what."""
    partial = next((p for p in reckoner.products() if p.open and p.score > 0.3), None)
    if partial is None:
        return None
    needs = " and ".join(f"the number of {plural(o.unit, Decimal(2))}" for o in partial.open)
    pers = " and ".join(o.unit.name for o in partial.open)
    value = numerals.first_number(means.calculate(partial.expression))
    shown = f"{amount(value, partial.unit)} per {pers}" if value is not None else ""
    lines = (quoted(partial.fact.segment), Line(f"{pretty(partial.expression)} = {shown} ({partial.words})."))
    need = Line(f"For a total I would need {needs}, which is not given.")
    return Answer((*lines, need), value=value, unit=partial.unit)


def _told(bill: Bill, reckoner: Reckoner, means: Means) -> Answer | None:
    value = numerals.first_number(means.calculate(bill.expression))
    if value is None:
        return None
    unit, expression, wanted = bill.parts[0].unit, bill.expression, reckoner.target.unit
    if wanted is not None and unit is not None and wanted != unit and (more := conversion(value, unit, wanted)):
        value = numerals.first_number(means.calculate(more)) or value
        expression, unit = f"{expression} {plural(unit, Decimal(2))}, {more}", wanted
    facts = [f for f in bill.facts if f.segment.passage.source != OWN]
    quotes = [quoted(s) for s in dict.fromkeys(f.segment for f in facts)]
    left = [o.unit.name for o in bill.parts[0].open]
    shown = amount(value, unit) + (f" per {' and '.join(left)}" if left else "")
    where = tuple(dict.fromkeys(f.segment.passage for f in facts))
    result = Line(f"{pretty(expression)} = {shown} ({bill.words}).", where)
    return Answer((*quotes, result, *_notes(bill, reckoner), *_limits(bill, reckoner)), value=value, unit=unit)


def _notes(bill: Bill, reckoner: Reckoner) -> list[Line]:
    rest = unused_givens(bill, reckoner)
    notes = [Line(f"Not included, because no rate for it was found: {', '.join(rest)}.")] if rest else []
    return notes + [Line(f"Not counted, may come on top: {quoted(f.segment).text}", (f.segment.passage,)) for f in bill.apart]


def _limits(bill: Bill, reckoner: Reckoner) -> list[Line]:
    """A limit in the same passage that a given breaks (``takes vessels of up to 180 metres``)."""
    passages = list(dict.fromkeys(f.segment.passage for f in bill.facts if f.segment.passage.source != OWN))
    near = [s for s in segments(passages) if not s.is_row and _is_broken(s, reckoner.givens)]
    return [Line(f"Mind the limit: {quoted(s).text}", (s.passage,)) for s in near[:2]]


def _is_broken(segment: Segment, givens: list[Quantity]) -> bool:
    """Whether a sentence sets one limit and a given is beyond it."""
    found = find_quantities(segment.text)
    return len(found) == 1 and found[0].is_bound and not found[0].is_money and any(_breaks(g, found[0]) for g in givens)


def _breaks(given: Quantity, bound: Quantity) -> bool:
    if given.unit is None or bound.unit is None or given.is_bound:
        return False
    ratio = factor(given.unit, bound.unit)
    return ratio is not None and bound.high is not None and given.value * ratio > bound.high


def _with_rival(answer: Answer | None, bill: Bill, reckoner: Reckoner, means: Means) -> Answer | None:
    """Another source that gives another rate for the same: both are named and worked out."""
    if answer is None or len(bill.parts) != 1:
        return answer
    other = next((p for p in reckoner.products() if _is_rival(bill.parts[0], p)), None)
    value = numerals.first_number(means.calculate(other.expression)) if other else None
    if other is None or value is None:
        return answer
    text = f"{pretty(other.expression)} = {amount(value, other.unit)} ({other.words})."
    lines = (
        Line("The sources do not agree. Another one says:"),
        quoted(other.fact.segment),
        said(text, other.fact.segment),
    )
    return Answer((*answer.lines, *lines), value=answer.value, unit=answer.unit)


def _is_rival(own: Product, other: Product) -> bool:
    mine, theirs = own.fact.segment, other.fact.segment
    alike = own.unit == other.unit and own.fact.per == other.fact.per and own.used == other.used and not other.open
    elsewhere = mine.passage.source != theirs.passage.source or mine.text != theirs.text
    if not (alike and elsewhere and own.fact.value != other.fact.value and other.score >= own.score - 0.12):
        return False
    return conflicts(Scored(mine, 1.0, ()), Scored(theirs, 1.0, ()))
