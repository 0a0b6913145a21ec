"""One question answered: the ways to answer it, tried in order."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from llm.providers.rehearsal import lookup
from llm.providers.rehearsal.answers import Answer, Line, missing, quoted, said
from llm.providers.rehearsal.goal import Ask
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import find_dates
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import Unit, factor, plural
from llm.providers.rehearsal.language.words import canon, content
from llm.providers.rehearsal.reading.evidence import (
    STRONG,
    Evidence,
    Scored,
    answer_kind,
    contradicts,
    lacks_focus,
    strong_words,
)
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reading.passages import Passage, Segment, segments
from llm.providers.rehearsal.reckoning import arithmetic
from llm.providers.rehearsal.reckoning.aggregate import aggregate, operation, sum_prose
from llm.providers.rehearsal.reckoning.bill import Bill, make_bill, unused_givens
from llm.providers.rehearsal.reckoning.compare import compare
from llm.providers.rehearsal.reckoning.events import Clock, opening_time
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.products import Product, Target
from llm.providers.rehearsal.reckoning.reckon import Reckoner
from llm.providers.rehearsal.reckoning.target import asks_for_amount, find_givens, find_target, wanted_unit
from llm.providers.rehearsal.toolbox import Toolbox

FACTS_FROM = 60
"""How many of the best segments are searched for quantities."""


@dataclass(slots=True)
class Solver:
    """Answers questions over ``tools``. ``statements`` are facts and conditions the person gave; ``earlier`` the questions before."""

    tools: Toolbox
    statements: tuple[str, ...] = ()
    earlier: list[str] = field(default_factory=list)
    last: Answer | None = None

    def without_documents(self, ask: Ask) -> Answer | None:
        """The answer if the goal alone holds it: arithmetic, conversions, dates, rates it states itself."""
        return (
            self._follow_on(ask.text)
            or self._arithmetic(ask.full)
            or self._arithmetic(ask.text)
            or self._convert(ask.full)
            or self._dates_given(ask)
            or self._own_facts(ask)
        )

    def with_documents(self, ask: Ask, passages: list[Passage]) -> Answer:
        """The best answer over ``passages``."""
        evidence = Evidence(segments(passages))
        question = ask.full
        context = " ".join((*self.earlier[-2:], *self.statements))
        if not evidence.segments:
            return lookup.not_found(ask.text)
        clock = Clock(evidence, self.tools.calculate, self._today)
        ways: tuple[Callable[[], Answer | None], ...] = (
            lambda: clock.answer(question),
            lambda: compare(ask.text, evidence, self.tools.calculate),
            lambda: self._reckon(ask, evidence, context),
            lambda: self._aggregate(ask, evidence, context),
            lambda: self._found_converted(ask.text, evidence, context),
            lambda: self._when(ask.text, evidence, clock),
        )
        answers = (way() for way in ways)
        return next((a for a in answers if a is not None), None) or lookup.look_up(ask.text, evidence, context)

    def _today(self) -> date:
        found = find_dates(self.tools.call("now")[:40]) if self.tools.has("now") else []
        return found[0].day if found else datetime.now(UTC).date()

    def _arithmetic(self, text: str) -> Answer | None:
        expression = arithmetic.from_words(text)
        if expression is None:
            return None
        try:
            value = numerals.first_number(self.tools.calculate(expression))
        except arithmetic.NotArithmetic:
            return None
        if value is None:
            return None
        return Answer((Line(f"{arithmetic.pretty(expression)} = {numerals.show(value)}"),), value=value)

    def _follow_on(self, text: str) -> Answer | None:
        """``What is 20% of that?``, ``divide it by 3``: arithmetic on the answer before."""
        if self.last is None or self.last.value is None:
            return None
        expression = arithmetic.on_previous(text, self.last.value)
        if expression is None:
            return None
        value = numerals.first_number(self.tools.calculate(expression))
        if value is None:
            return None
        return Answer(
            (Line(f"{arithmetic.pretty(expression)} = {amount(value, self.last.unit)}"),), value=value, unit=self.last.unit
        )

    def _convert(self, text: str) -> Answer | None:
        wanted = wanted_unit(text)
        givens = [g for g in find_givens(text) if g.unit is not None and not g.per]
        if wanted is None or len(givens) != 1 or len([w for w in content(text) if canon(w) not in _CONVERSION]) > 3:
            return None
        given = givens[0]
        return self._converted(given.value, given.unit, wanted) if given.unit else None

    def _converted(self, value: Decimal, unit: Unit, wanted: Unit) -> Answer | None:
        expression = conversion(value, unit, wanted)
        if expression is None:
            return None
        result = numerals.first_number(self.tools.calculate(expression))
        if result is None:
            return None
        text = f"{amount(value, unit)} = {amount(result, wanted)} ({arithmetic.pretty(expression)})"
        return Answer((Line(text),), value=result, unit=wanted)

    def _dates_given(self, ask: Ask) -> Answer | None:
        text = ask.full
        if re.search(r"\b(?:what|which) (?:day(?: of the week)?|weekday)\b", text, re.IGNORECASE) and (
            found := find_dates(text)
        ):
            return Answer((Line(f"{found[0].day.isoformat()} is a {found[0].day:%A}."),))
        clock = Clock(Evidence([]), self.tools.calculate, self._today)
        answer = clock.answer(text)
        return answer if answer is not None and answer.found else None

    def _own_facts(self, ask: Ask) -> Answer | None:
        """Rates that the person states: ``A train goes 80 km/h for 2.5 hours, how far is that?``"""
        text = " ".join((*self.statements, ask.full))
        own = segments([Passage("your request", "", "", text)])
        facts = [(f, 1.0) for s in own for f in find_facts(s) if f.per]
        givens = [g for g in find_givens(text) if not g.per]
        if not facts or not givens or not asks_for_amount(ask.text):
            return None
        reckoner = Reckoner(givens, facts, text, find_target(ask.full))
        bill = make_bill(reckoner, text)
        if bill is None or len(bill.used) < len([g for g in givens if not g.is_percent]):
            return None
        return self._billed(bill, reckoner, ask)

    def _reckon(self, ask: Ask, evidence: Evidence, context: str) -> Answer | None:
        givens = find_givens(" ".join((*self.statements, ask.full)))
        if not any(g.unit is not None and not g.is_percent for g in givens) and self.earlier and _refers(ask.text):
            givens = find_givens(" ".join((*self.statements, *self.earlier[-1:], ask.full)))
        if not (asks_for_amount(ask.text) or (givens and self.statements)):
            return None
        question = " ".join((*self.statements, ask.full))
        about = question if len(content(ask.text)) < 3 else ask.full
        ranked = evidence.rank(about, context)
        reckoner = Reckoner(givens, self._facts(ranked, question), question, find_target(ask.full))
        bill = make_bill(reckoner, question)
        if bill is None:
            return self._unreckoned(ask, reckoner, evidence, context)
        if trouble := self._mistaken(ask, bill, evidence):
            return trouble
        answer = self._billed(bill, reckoner, ask)
        return self._rivals(answer, bill, reckoner, ask)

    def _facts(self, ranked: list[Scored], question: str) -> list[tuple[Fact, float]]:
        wanted = frozenset(content(question))
        return [
            (fact, scored.score + 0.1 * min(3, len(wanted & fact.label)))
            for scored in ranked[:FACTS_FROM]
            if not contradicts(wanted, scored.segment)
            for fact in find_facts(scored.segment)
        ]

    def _mistaken(self, ask: Ask, bill: Bill, evidence: Evidence) -> Answer | None:
        """A name or alternative in the question that the passage does not have: better no number than a wrong one."""
        segment = bill.parts[0].fact.segment
        passage = frozenset(
            w for s in evidence.segments if s.passage.source == segment.passage.source for w in s.words | s.around
        )
        lost = [w for w in strong_words(ask.text) if w not in passage]
        if not lost:
            return None
        names = " or ".join(f"“{w}”" for w in lookup.originals(ask.text, tuple(lost)) or lost)
        return missing(
            f"Not worked out: the documents found do not mention {names}.",
            Line(f"The closest passage: {quoted(segment).text}", (segment.passage,)),
        )

    def _unreckoned(self, ask: Ask, reckoner: Reckoner, evidence: Evidence, context: str) -> Answer | None:
        """A rate that still needs something the question does not give: say what."""
        partial = next((p for p in reckoner.products() if p.open and p.score > 0.3), None)
        if partial is None:
            return None
        needs = " and ".join(f"the number of {plural(o.unit, Decimal(2))}" for o in partial.open)
        pers = " and ".join(o.unit.name for o in partial.open)
        value = numerals.first_number(self.tools.calculate(partial.expression))
        shown = f"{amount(value, partial.unit)} per {pers}" if value is not None else ""
        lines = (quoted(partial.fact.segment), Line(f"{arithmetic.pretty(partial.expression)} = {shown} ({partial.words})."))
        return Answer(
            (*lines, Line(f"For a total I would need {needs}, which is not given.")),
            found=True,
            value=value,
            unit=partial.unit,
        )

    def _billed(self, bill: Bill, reckoner: Reckoner, ask: Ask) -> Answer | None:
        value = numerals.first_number(self.tools.calculate(bill.expression))
        if value is None:
            return None
        unit = bill.parts[0].unit
        expression = bill.expression
        wanted = reckoner.target.unit
        if wanted is not None and unit is not None and wanted != unit and (more := conversion(value, unit, wanted)):
            value = numerals.first_number(self.tools.calculate(more)) or value
            expression, unit = f"{expression} {plural(unit, Decimal(2))}, {more}", wanted
        facts = [f for f in bill.facts if f.segment.passage.source != "your request"]
        quotes = [quoted(s) for s in dict.fromkeys(f.segment for f in facts)]
        left = [o.unit.name for o in bill.parts[0].open]
        shown = amount(value, unit) + (f" per {' and '.join(left)}" if left else "")
        where = tuple(dict.fromkeys(f.segment.passage for f in facts))
        result = Line(f"{arithmetic.pretty(expression)} = {shown} ({bill.words}).", where)
        notes = [
            Line(f"Not included, because no rate for it was found: {', '.join(rest)}.")
            for rest in [unused_givens(bill, reckoner)]
            if rest
        ]
        notes += [Line(f"Not counted, may come on top: {quoted(f.segment).text}", (f.segment.passage,)) for f in bill.apart]
        return Answer((*quotes, result, *notes, *self._limits(bill, reckoner)), value=value, unit=unit)

    def _limits(self, bill: Bill, reckoner: Reckoner) -> list[Line]:
        """A limit in the same passage that a given breaks (``takes vessels of up to 180 metres``)."""
        passages = list(dict.fromkeys(f.segment.passage for f in bill.facts if f.segment.passage.source != "your request"))
        near = [s for s in segments(passages) if not s.is_row and _is_broken(s, reckoner.givens)]
        return [Line(f"Mind the limit: {quoted(s).text}", (s.passage,)) for s in near[:2]]

    def _rivals(self, answer: Answer | None, bill: Bill, reckoner: Reckoner, ask: Ask) -> Answer | None:
        """Another source that gives another rate for the same: both are named and worked out."""
        if answer is None or len(bill.parts) != 1:
            return answer
        own = bill.parts[0]
        for other in reckoner.products():
            if _rival(own, other):
                value = numerals.first_number(self.tools.calculate(other.expression))
                if value is not None:
                    text = f"{arithmetic.pretty(other.expression)} = {amount(value, other.unit)} ({other.words})."
                    lines = (
                        Line("The sources do not agree. Another one says:"),
                        quoted(other.fact.segment),
                        said(text, other.fact.segment),
                    )
                    return Answer((*answer.lines, *lines), value=answer.value, unit=answer.unit)
        return answer

    def _aggregate(self, ask: Ask, evidence: Evidence, context: str) -> Answer | None:
        if operation(ask.text) in ("count",):
            best = next(iter(evidence.rank(ask.text, context)), None)
            if (
                best is not None
                and best.answers
                and not best.segment.cells
                and answer_kind(ask.text) == "number"
                and re.search(r"\d", best.segment.text)
                and not lacks_focus(ask.text, best)
            ):
                return None
        found = aggregate(ask.full, evidence.segments, self.tools.calculate, context if len(content(ask.text)) < 3 else "")
        dimension = find_target(ask.full).dimension
        return found or sum_prose(ask.full, evidence.rank(ask.text, context), dimension, self.tools.calculate)

    def _found_converted(self, text: str, evidence: Evidence, context: str) -> Answer | None:
        """A quantity that a document gives, in the unit the question wants (``how long is the bridge in feet``)."""
        wanted = wanted_unit(text)
        if wanted is None:
            return None
        stated = Target(wanted.dimension)
        for scored in evidence.rank(text, context)[:5]:
            if scored.score < STRONG or lacks_focus(text, scored):
                break
            for fact in find_facts(scored.segment):
                if fact.unit is not None and stated.takes(fact.unit) and fact.unit != wanted and not fact.per:
                    answer = self._converted(fact.value, fact.unit, wanted)
                    if answer is not None:
                        return Answer((quoted(scored.segment), *answer.lines), value=answer.value, unit=answer.unit)
            if opened := opening_time(text, scored.segment, self.tools.calculate):
                return opened
        return None

    def _when(self, text: str, evidence: Evidence, clock: Clock) -> Answer | None:
        if answer_kind(text) != "when":
            return None
        best = next(iter(evidence.rank(text)), None)
        return clock.deadline(best.segment) if best is not None and best.answers else None


_CONVERSION = frozenset(canon(w) for w in ["convert", "in", "to", "be", "how", "many", "much", "far", "unit", "equal", "equals", "same", "make", "metre", "kilometre", "mile", "foot", "inch", "yard", "kilogram", "gram", "pound", "ounce", "tonne", "litre", "gallon", "hour", "minute", "second", "day", "week", "km", "kg", "lb", "oz", "m", "ft", "cm", "mm", "l", "celsius", "fahrenheit", "kelvin", "degree", "acre", "hectare", "square", "cubic", "nautical", "month", "year", "fit", "go"])  # fmt: skip


def _refers(text: str) -> bool:
    return (
        re.search(r"\b(?:it|that|this|they|them|those|these|total|altogether|in all|same)\b", text, re.IGNORECASE) is not None
        or len(content(text)) <= 2
    )


def _is_broken(segment: Segment, givens: list[Quantity]) -> bool:
    """Whether a sentence sets one limit and a given is beyond it."""
    found = find_quantities(segment.text)
    return len(found) == 1 and found[0].is_bound and not found[0].is_money and any(_breaks(g, found[0]) for g in givens)


def _breaks(given: Quantity, bound: Quantity) -> bool:
    if given.unit is None or bound.unit is None or given.is_bound:
        return False
    ratio = factor(given.unit, bound.unit)
    return ratio is not None and bound.high is not None and given.value * ratio > bound.high


def _rival(own: Product, other: Product) -> bool:
    same_shape = own.unit == other.unit and own.fact.per == other.fact.per and own.used == other.used and not other.open
    elsewhere = (
        own.fact.segment.passage.source != other.fact.segment.passage.source
        or own.fact.segment.text != other.fact.segment.text
    )
    if not (same_shape and elsewhere and own.fact.value != other.fact.value and other.score >= own.score - 0.12):
        return False
    a, b = Scored(own.fact.segment, 1.0, ()), Scored(other.fact.segment, 1.0, ())
    return lookup.conflicts(a, b)


def conversion(value: Decimal, unit: Unit, wanted: Unit) -> str | None:
    """The expression that turns ``value`` ``unit`` into ``wanted``; ``None`` when they do not convert."""
    shown = numerals.plain(value)
    if unit == wanted:
        return None
    if unit.dimension == wanted.dimension == "temperature":
        steps = {
            ("celsius", "fahrenheit"): "{} * 9 / 5 + 32",
            ("fahrenheit", "celsius"): "({} - 32) * 5 / 9",
            ("celsius", "kelvin"): "{} + 273.15",
            ("kelvin", "celsius"): "{} - 273.15",
        }
        step = steps.get((unit.name, wanted.name))
        return step.format(shown) if step else None
    if factor(unit, wanted) is None:
        return None
    top = "" if unit.size == 1 else f" * {numerals.plain(unit.size)}"
    bottom = "" if wanted.size == 1 else f" / {numerals.plain(wanted.size)}"
    return f"{shown}{top}{bottom}" or None
