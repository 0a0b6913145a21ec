"""Which quantities combine how: a rate's units are cancelled against what the question gives."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Per, Quantity
from llm.providers.rehearsal.language.units import PERSONS, Unit, factor, plural, steps
from llm.providers.rehearsal.language.words import canon, tokens
from llm.providers.rehearsal.reading.facts import Fact
from llm.providers.rehearsal.reckoning.fitting import factors_of, fits, names_one, ratio_of
from llm.providers.rehearsal.reckoning.phrases import describe, given_name
from llm.providers.rehearsal.reckoning.products import Factor, Product, Target

ALL = frozenset(map(canon, "total all altogether overall whole entire everybody everyone together".split()))
"""Words for all of a thing, canonical."""
_ONCE = frozenset(
    """
    order booking stay trip visit transaction ride rental delivery reservation contract invoice shipment job call
""".split()
)
"""What a question is about one of, unless it counts them."""


@dataclass(slots=True)
class Reckoner:
    """Givens of a question and the relevant facts (with their relevance), to be combined."""

    givens: list[Quantity]
    facts: list[tuple[Fact, float]]
    question: str
    target: Target
    mentions: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.mentions = frozenset(canon(t) for t in tokens(self.question))

    def products(self) -> list[Product]:
        """All ways to reach the target with at least one given used, best first."""
        found: list[Product] = []
        for fact, relevance in self.facts:
            both = (self._times(fact, relevance), self._inverse(fact, relevance))
            found += [p for p in both if p is not None and (p.used | p.met or p.turned or self._stands_alone(p))]
        return sorted(found, key=lambda p: -p.score)

    def _stands_alone(self, product: Product) -> bool:
        """Worked out of one document's own figures: a rent per square metre and the flat's size."""
        strong = {id(fact) for fact, relevance in self.facts if relevance >= 0.5}
        sources = {f.segment.passage.source for f in (product.fact, *product.others)}
        aimed = self.target.dimension != "" or bool(self.target.per)
        wanted = aimed and all(o.unit in [t.unit for t in self.target.per] for o in product.open)
        asked = bool(self.target.per) or not self.givens
        named = any(relevance >= 0.5 for fact, relevance in self.facts if fact in product.others and fact.segment.is_row)
        near = len(sources) == 1 or named
        return (
            bool(product.others)
            and wanted
            and asked
            and near
            and any(id(f) in strong or self._counts(f) for f in product.others)
        )

    def _counts(self, fact: Fact) -> bool:
        """Whether a fact counts what the question speaks of in the plural."""
        return fact.unit is not None and fact.unit.dimension == "count" and canon(fact.unit.name) in self.mentions

    def flat(self, fact: Fact, relevance: float) -> Product | None:
        """The fact with whatever givens it takes, perhaps none: a fee that comes once."""
        return self._times(fact, relevance)

    def _times(self, fact: Fact, relevance: float, depth: int = 0) -> Product | None:
        if depth == 0 and not self.target.takes(fact.unit):
            return None
        met = self.conditions(fact)
        if met is None:
            return None
        product = Product(fact, (Factor(numerals.plain(fact.value), describe(fact)),), fact.unit, met=frozenset(met))
        for per in fact.per:
            product = self._cancel(product, per, depth)
        product = self._imply(product)
        return replace(product, score=self._score(product, relevance))

    def _score(self, p: Product, relevance: float) -> float:
        asked = {o.unit.name for o in self.target.per}
        left = [o for o in p.open if o.unit.name not in asked]
        exact = sum(0.05 for i in p.used for per in p.fact.per if self.givens[i].unit and self.givens[i].unit == per.unit)
        return relevance + 0.3 * len(p.used) + 0.35 * len(p.met - p.used) + exact - 0.5 * len(left) - 0.1 * len(p.others)

    def conditions(self, fact: Fact) -> set[int] | None:
        """The givens that meet the fact's conditions; ``None`` when one breaks them."""
        met: set[int] = set()
        for condition in fact.conditions:
            for index, given in enumerate(self.givens):
                ratio = ratio_of(given, condition)
                if ratio is None or given.is_bound:
                    continue
                value = given.value * ratio
                low_ok = condition.low is None or value >= condition.low
                high_ok = condition.high is None or value <= condition.high
                if condition.is_bound and not (low_ok and high_ok):
                    return None
                if condition.is_bound or (value == condition.value and fact.is_money):
                    met.add(index)
        return met

    def _cancel(self, p: Product, per: Per, depth: int) -> Product:
        for index, given in sorted(enumerate(self.givens), key=lambda g: g[1].unit != per.unit):
            ratio = fits(given, per.unit)
            if ratio is not None and index not in p.used and not given.per:
                return replace(p, factors=p.factors + factors_of(given, ratio, per), used=p.used | {index})
        if per.unit.name in _ONCE:
            return p
        if (
            re.search(rf"\b(?:an?|one|the|each|single)\s(?:\w+\s)?{re.escape(per.unit.name)}\b", self.question, re.IGNORECASE)
            and not self.target.per
        ):
            return p
        asked = any(o.unit == per.unit for o in self.target.per)
        if not asked and (turned := self._in_period(p, per)) is not None:
            return turned
        linked = self._linked(p, per, depth) if depth < 2 and not asked else None
        return linked or replace(p, open=(*p.open, per))

    def _in_period(self, p: Product, per: Per) -> Product | None:
        """A price per month where the question asks for it per year: twelve of them, still open per year."""
        for wanted in self.target.per:
            ratio = factor(wanted.unit, per.unit) if wanted.unit.dimension in ("time", "months") else None
            if ratio is not None and ratio >= 1 and wanted not in p.open:
                found = steps(wanted.unit, per.unit) or (ratio, Decimal(1))
                times = Factor(
                    numerals.plain(found[0]), f"{numerals.plain(found[0])} {plural(per.unit, found[0])} a {wanted.unit.name}"
                )
                over = (Factor(numerals.plain(found[1]), numerals.plain(found[1]), over=True),) if found[1] != 1 else ()
                return replace(p, factors=(*p.factors, times, *over), open=(*p.open, wanted), turned=True)
        return None

    def _linked(self, p: Product, per: Per, depth: int) -> Product | None:
        """Fill ``per`` from another fact: a flat one (the trip takes 5 hours) or a rate that the givens complete."""
        best: tuple[float, Product] | None = None
        for fact, relevance in self.facts:
            ratio = factor(fact.unit, per.unit) if fact.unit else None
            if fact is p.fact or ratio is None or relevance < 0.25 or fact.is_money:
                continue
            inner = self._times(fact, relevance, depth + 1)
            if inner is None or inner.open or inner.used & p.used or not self._may_fill(p, per, inner, relevance):
                continue
            if best is None or inner.score > best[0]:
                best = (inner.score, _joined(p, inner, per, ratio))
        return best[1] if best else None

    def _may_fill(self, p: Product, per: Per, inner: Product, relevance: float) -> bool:
        """Whether a flat fact is close enough to the question or stands beside the rate; a count must be of all that the
        question speaks of."""
        if inner.fact.per or inner.fact.segment is p.fact.segment:
            return True
        if per.unit.dimension == "count":
            many = plural(per.unit, Decimal(2)).lower()
            return bool(self.mentions & ALL) or many in tokens(self.question)
        return bool(inner.used) or relevance >= 0.45

    def _imply(self, p: Product) -> Product:
        """A flat amount whose label names what is counted is per one of it: ``Tickets are 12 euros``, ``A night costs 95``."""
        fact = p.fact
        label = fact.label | fact.segment.around if fact.segment.cells else fact.label
        counted = {canon(o.unit.name) for o in fact.conditions if o.unit is not None}
        for index, given in enumerate(self.givens):
            if index in p.used or index in p.met or given.unit is None or given.is_bound or given.is_money or given.is_percent:
                continue
            if given.unit.dimension not in ("count", "time") or canon(given.unit.name) in counted:
                continue
            if given.unit.dimension == "time" and (
                any(o.unit.dimension in ("time", "months") for o in fact.per) or not names_one(given.unit, fact.clause)
            ):
                continue
            if any(o.unit.dimension == "count" for o in fact.per) and given.unit.dimension == "count":
                continue
            if self._is_named(given, label, fact):
                p = replace(
                    p, factors=(*p.factors, Factor(numerals.plain(given.value), given_name(given))), used=p.used | {index}
                )
        return p

    def _is_named(self, given: Quantity, label: frozenset[str], fact: Fact) -> bool:
        names = {canon(w) for w in tokens(given.noun)} or {canon(given.unit.name)} if given.unit else set()
        head = canon(given.unit.name) if given.unit else ""
        persons = head in PERSONS and bool(label & PERSONS) and not ({"child", "student", "senior"} & label)
        each = (
            re.search(r"\b(?:each|apiece|a head|a piece)\b", fact.clause, re.IGNORECASE) is not None
            and given.unit is not None
            and given.unit.dimension == "count"
            and bool((label - {"cost"}) & self.mentions)
        )
        return head in label or persons or each or (len(names) > 1 and names <= label)

    def _inverse(self, fact: Fact, relevance: float) -> Product | None:
        """Target time, given a distance, known a speed: the given divided by the rate."""
        if not fact.per or not self.target.dimension or self.target.takes(fact.unit) or fact.value == 0:
            return None
        wanted = next((o for o in fact.per if self.target.takes(o.unit)), None)
        rest = [o for o in fact.per if o is not wanted]
        if wanted is None or fact.unit is None:
            return None
        for index, given in enumerate(self.givens):
            ratio = fits(given, fact.unit)
            if ratio is None or given.per:
                continue
            factors = (
                *factors_of(given, ratio, Per(fact.unit)),
                Factor(numerals.plain(fact.value), describe(fact), over=True),
            )
            factors += (Factor(numerals.plain(wanted.amount), numerals.plain(wanted.amount)),) if wanted.amount != 1 else ()
            product = Product(fact, factors, wanted.unit, frozenset({index}))
            for per in rest:
                product = self._divide(product, per)
            return replace(product, score=relevance + 0.3 * len(product.used) - 0.5 * len(product.open))
        if rest or self.givens or wanted.unit.dimension != "time":
            return None
        return self._inverse_of_fact(fact, fact.unit, wanted, relevance)

    def _inverse_of_fact(self, fact: Fact, unit: Unit, wanted: Per, relevance: float) -> Product | None:
        """The same with a flat amount of the same source: how long a pump of 45 litres a minute takes for a pool."""
        for other, closeness in self.facts:
            ratio = factor(other.unit, unit) if other.unit else None
            mates = other.segment.passage.source == fact.segment.passage.source and other is not fact
            if ratio is None or not mates or other.per or min(closeness, relevance) < 0.25:
                continue
            amount = Quantity(other.value, other.unit, 0, 0)
            factors = factors_of(amount, ratio, Per(unit))
            factors += (Factor(numerals.plain(fact.value), describe(fact), over=True),)
            factors += (Factor(numerals.plain(wanted.amount), numerals.plain(wanted.amount)),) if wanted.amount != 1 else ()
            return Product(fact, factors, wanted.unit, others=(other,), score=relevance + closeness)
        return None

    def _divide(self, p: Product, per: Per) -> Product:
        for index, given in enumerate(self.givens):
            ratio = fits(given, per.unit)
            if ratio is not None and index not in p.used:
                return replace(
                    p,
                    factors=p.factors + tuple(replace(f, over=not f.over) for f in factors_of(given, ratio, per)),
                    used=p.used | {index},
                )
        return replace(p, open=(*p.open, per))


def _joined(p: Product, inner: Product, per: Per, ratio: Decimal) -> Product:
    """``p`` times what fills its ``per``, with what turns the one's unit into the other's."""
    unit = inner.fact.unit
    each = f"{numerals.plain(ratio)} {plural(per.unit, ratio)} in one {unit.name}" if unit else ""
    scale = (Factor(numerals.plain(ratio), each),) if ratio != 1 else ()
    amount = (Factor(numerals.plain(per.amount), numerals.plain(per.amount), over=True),) if per.amount != 1 else ()
    return replace(
        p,
        factors=p.factors + inner.factors + scale + amount,
        used=p.used | inner.used,
        met=p.met | inner.met,
        others=(*p.others, inner.fact, *inner.others),
    )
