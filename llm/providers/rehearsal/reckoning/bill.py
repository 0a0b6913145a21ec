"""A result made of products: several items, fees that come on top, discounts and taxes in percent."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import known_unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reading.facts import Fact
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.products import Product
from llm.providers.rehearsal.reckoning.reckon import Reckoner
from llm.providers.rehearsal.reckoning.side import goes_with, is_side, on_top


@dataclass(frozen=True, slots=True)
class Percent:
    """A change of the whole: ``rate`` percent, added or taken off; ``fact`` is where it stands, ``None`` for the question."""

    rate: Decimal
    off: bool
    fact: Fact | None = None
    share: bool = False
    """The percentage of the whole is itself the result (a deposit of 20 %)."""


@dataclass(frozen=True, slots=True)
class Bill:
    """All that the result is made of."""

    parts: tuple[Product, ...]
    percents: tuple[Percent, ...] = ()
    apart: tuple[Fact, ...] = ()
    """Amounts that may come on top and were not counted."""

    @property
    def expression(self) -> str:
        whole = " + ".join(p.expression for p in self.parts)
        for change in self.percents:
            inner = f"({whole})" if len(self.parts) > 1 or change is not self.percents[0] else whole
            rate = numerals.plain(change.rate)
            whole = f"{inner} * {rate} / 100" if change.share else f"{inner} * (1 {'-' if change.off else '+'} {rate} / 100)"
        return whole

    @property
    def words(self) -> str:
        text = " + ".join(p.words for p in self.parts)
        for change in self.percents:
            rate = numerals.show(change.rate)
            text = f"{rate}% of {text}" if change.share else f"{text}, {'less' if change.off else 'plus'} {rate}%"
        return text

    @property
    def facts(self) -> list[Fact]:
        inner = [f for p in self.parts for f in (p.fact, *p.others)]
        return list(dict.fromkeys([*inner, *(c.fact for c in self.percents if c.fact)]))

    @property
    def used(self) -> frozenset[int]:
        return frozenset().union(*(p.used | p.met for p in self.parts))


def make_bill(reckoner: Reckoner, question: str) -> Bill | None:
    """The best way to the target, with what belongs to it; ``None`` when nothing combines."""
    products = [p for p in reckoner.products() if not _left_open(p, reckoner)]
    if not products:
        return None
    products.sort(key=lambda p: -p.score + 0.7 * (is_side(p.fact, question) or goes_with(p.fact, question)))
    parts = _items(products, reckoner) or (products[0], *_besides(products, reckoner), *_alike(products, reckoner))
    if parts[0].unit is not None and parts[0].unit.is_money:
        added, apart = on_top(parts, reckoner, question)
        return Bill((*parts, *added), tuple(_percents(reckoner, parts, question)), tuple(apart))
    return Bill(parts, tuple(_percents(reckoner, parts, question)))


def _left_open(p: Product, reckoner: Reckoner) -> bool:
    asked = {o.unit.name for o in reckoner.target.per}
    return any(o.unit.name not in asked for o in p.open)


def _items(products: list[Product], reckoner: Reckoner) -> tuple[Product, ...]:
    """``2 adults and 3 children``, ``2 kg of apples and 3 kg of plums``: one product for each thing where no single one takes
    in two of them."""
    things = {i: _thing(g) for i, g in enumerate(reckoner.givens) if _thing(g) and not g.is_bound}
    best = products[0]
    if len(things) < 2 or len(best.used & set(things)) > 1:
        return ()
    chosen: list[Product] = []
    for index, names in things.items():
        mine = [p for p in _swapped(products, index, reckoner) if index in p.used and len(p.used & set(things)) == 1]
        named = [p for p in mine if names & (p.fact.label | p.fact.segment.around)] or mine
        own = [p for p in named if p.fact not in [c.fact for c in chosen]]
        if own:
            chosen.append(own[0])
    if len(chosen) < 2:
        return ()
    alike = [p for p in chosen if p.unit == chosen[0].unit and p.score >= chosen[0].score - 0.6]
    return tuple(alike) if len(alike) > 1 else ()


_WHOLE = frozenset(map(canon, ("whole", "entire")))


def _besides(products: list[Product], reckoner: Reckoner) -> list[Product]:
    """What else the question counts and a rate of its own is for: ``and takes a pilot (2 trips)``."""
    main = products[0]
    named = {canon(t) for t in tokens(reckoner.question) if t not in STOPWORDS} - {"cost"}
    found: list[Product] = []
    for index, given in enumerate(reckoner.givens):
        if (
            index in main.used | main.met
            or given.is_bound
            or given.unit is None
            or given.unit.dimension not in ("count", "time")
        ):
            continue
        for p in _swapped(products, index, reckoner):
            own = (
                p.fact is not main.fact
                and p.used == {index}
                and p.unit == main.unit
                and p.unit is not None
                and p.unit.is_money
            )
            explicit = any(per.unit == given.unit for per in p.fact.per)
            if own and explicit and (named - {canon(given.unit.name)}) & (p.fact.label - main.fact.label):
                found.append(p)
                break
    return found


def _alike(products: list[Product], reckoner: Reckoner) -> list[Product]:
    """For all of a whole (``the whole herd``): the same worked out for its other parts, the calves besides the cows."""
    main = products[0]
    if not main.others or not reckoner.mentions & _WHOLE:
        return []
    pers = {p.unit.name for p in main.fact.per}
    found: list[Product] = []
    for p in products[1:]:
        near = p.fact.segment.passage == main.fact.segment.passage and p.unit == main.unit and bool(p.others)
        other = {o.unit.name for o in p.fact.per} != pers and not set(p.others) & set(main.others)
        if near and other and p.fact not in [f.fact for f in found]:
            found.append(p)
    return found


def _thing(given: Quantity) -> set[str]:
    """What a given counts or measures out: its noun's words; nothing for a bare length or time."""
    if given.unit is None or given.is_money or given.is_percent:
        return set()
    if given.unit.dimension == "count":
        return {canon(given.unit.name), *(canon(t) for t in tokens(given.noun))}
    return {canon(t) for t in tokens(given.noun)} if given.noun and known_unit(given.noun) is None else set()


def _swapped(products: list[Product], index: int, reckoner: Reckoner) -> list[Product]:
    """The products when only this thing, not the others, is given."""
    others = [g for i, g in enumerate(reckoner.givens) if i == index or not _thing(g)]
    places = [i for i, g in enumerate(reckoner.givens) if i == index or not _thing(g)]
    alone = Reckoner(others, reckoner.facts, reckoner.question, reckoner.target)
    return [
        replace(p, used=frozenset(places[i] for i in p.used), met=frozenset(places[i] for i in p.met))
        for p in alone.products()
        if not _left_open(p, reckoner)
    ]


_OFF = re.compile(r"\b(?:discount|off|reduc\w+|rebate|less|cheaper|deduct\w*|saves?|saving|minus)\b", re.IGNORECASE)
_ADDED = re.compile(
    r"\b(?:plus|vat|tax|tip|service|surcharge|added|on top|increase\w*|extra|more|gratuity|commission|premium|interest)\b",
    re.IGNORECASE,
)


def _percents(reckoner: Reckoner, parts: tuple[Product, ...], question: str) -> list[Percent]:
    asked = [_from_question(q, question) for q in find_quantities(question) if q.is_percent]
    found = [p for p in asked if p is not None]
    if found:
        return found
    return [
        p
        for p in (_from_fact(f, relevance, reckoner, parts, question) for f, relevance in reckoner.facts if f.is_percent)
        if p
    ][:2]


def _from_question(q: Quantity, question: str) -> Percent | None:
    around = question[max(0, q.start - 30) : q.end + 24]
    if _OFF.search(around):
        return Percent(q.value, off=True)
    return Percent(q.value, off=False) if _ADDED.search(around) else None


def _from_fact(fact: Fact, relevance: float, reckoner: Reckoner, parts: tuple[Product, ...], question: str) -> Percent | None:
    sources = {p.fact.segment.passage.source for p in parts}
    if parts[0].unit is None or not parts[0].unit.is_money or (fact.segment.passage.source not in sources and relevance < 0.3):
        return None
    named = {canon(t) for t in tokens(question) if t not in STOPWORDS}
    money_words = {"cost", "percent", "discount"} | {canon(w) for p in parts for w in p.fact.label}
    met = reckoner.conditions(fact)
    if met is None:
        return None
    share = re.search(r"%|\bpercent\b", fact.clause) and re.search(
        r"(?:%|percent|per cent) of (?:the |this |that )?(?:\w+ )?(?:price|total|cost|fee|rent|amount|sum|rate|bill"
        r"|value|fare)\b",
        fact.segment.text,
        re.IGNORECASE,
    )
    subject = {canon(t) for t in tokens(fact.segment.text.split(" is ")[0])} & named - money_words
    if share and subject:
        return Percent(fact.value, off=False, fact=fact, share=True)
    relevant = _is_meant(fact, named, money_words) or "discount" in named or (bool(met) and bool(fact.conditions))
    if not relevant:
        return None
    if _OFF.search(fact.segment.text):
        return Percent(fact.value, off=True, fact=fact)
    return Percent(fact.value, off=False, fact=fact) if _ADDED.search(fact.segment.text) else None


def _is_meant(fact: Fact, named: set[str], common: set[str]) -> bool:
    """Whether the question names whom or what the percentage is for: all of ``night rides``, or the ``VAT``."""
    before, _, after = fact.clause.partition(numerals.plain(fact.value))
    subject = {canon(t) for t in tokens(before) if t not in STOPWORDS and not t.isdigit()} - {"cost", "percent", "discount"}
    if subject:
        return subject <= named
    return bool({canon(t) for t in tokens(after) if t not in STOPWORDS and not t.isdigit()} & (named - common))


def unused_givens(bill: Bill, reckoner: Reckoner) -> list[str]:
    """The givens that did not enter, in words; those that a found rate cannot take."""
    texts: list[str] = []
    for index, given in enumerate(reckoner.givens):
        if index in bill.used or given.is_percent or given.is_bound or given.unit is None or given.is_money or given.per:
            continue
        if any(canon(given.unit.name) in p.fact.label and given.unit.dimension == "count" for p in bill.parts):
            continue
        if any(g is not given and g.unit == given.unit and g.value == given.value for g in reckoner.givens):
            continue
        texts.append(amount(given.value, given.unit))
    return texts
