"""Quantities found in documents, each with what it is about: its clause or cell, and what it is per."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Per, Quantity
from llm.providers.rehearsal.language.rates import pers_named
from llm.providers.rehearsal.language.units import ADVERBS, Unit, count_unit, known_unit
from llm.providers.rehearsal.language.words import canon, tokens, vocabulary
from llm.providers.rehearsal.reading.passages import Segment


@dataclass(frozen=True, slots=True)
class Fact:
    """One amount in a segment. ``label`` is the vocabulary of its clause (or of its column and row), ``clause`` that text, and
    ``conditions`` the bounds and exact quantities that stand beside it (``up to 8 metres``)."""

    value: Decimal
    unit: Unit | None
    per: tuple[Per, ...]
    segment: Segment
    label: frozenset[str]
    clause: str
    conditions: tuple[Quantity, ...] = ()
    noun: str = ""
    explicit: bool = True

    @property
    def is_money(self) -> bool:
        return self.unit is not None and self.unit.is_money

    @property
    def is_percent(self) -> bool:
        return self.unit is not None and self.unit.dimension == "share"


_CLAUSE = re.compile(
    r";\s|,\s(?!\d{3}\b)|\s[–—]\s|\s(?:but|while|whereas|plus|otherwise)\s|(?<=[^\W\d_])\sand\s(?=(?:[€$£]|CHF\s|EUR\s"
    r"|USD\s|GBP\s)\d)|(?<=[^\W\d_])\sand\s(?=\d[\d.,]*\s?(?:[€$£]|EUR\b|USD\b|CHF\b|euros?\b|dollars?\b|pounds?\b))"
    r"|\sand\s(?=(?:for\s|the\s|an?\s|up\sto\s|over\s|above\s|from\s)?(?:[a-zà-þ-]+\s){1,3}(?:(?:pay|pays|cost|costs"
    r"|is|are|at|for)\s)?[€$£]?\d)"
)


def find_facts(segment: Segment) -> list[Fact]:
    """All amounts of one segment that are not mere bounds."""
    if segment.is_row:
        return _row_facts(segment)
    if segment.cells and not _is_price_list(segment.cells[0][1]):
        return _pair_facts(segment)
    return _prose_facts(segment)


def _is_price_list(value: str) -> bool:
    """Whether a ``key: value`` line lists several priced things (``Tickets: adults 12 EUR, children 5 EUR``)."""
    return sum(any(q.is_money for q in find_quantities(part)) for part in _CLAUSE.split(value)) > 1


def _prose_facts(segment: Segment) -> list[Fact]:
    facts: list[Fact] = []
    text = segment.text
    cuts = [m.span() for m in _CLAUSE.finditer(text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    price: Fact | None = None
    bounds: list[Quantity] = []
    for start, end in zip(starts, ends, strict=True):
        clause = text[start:end]
        quantities = find_quantities(clause)
        own = [q for q in quantities if q.is_bound or not q.is_money]
        made = [_fact(segment, clause, q, quantities) for q in quantities if not q.is_bound]
        made = [f if f.conditions or not bounds else replace(f, conditions=tuple(bounds)) for f in made]
        bounds = [q for q in own if q.is_bound] if not any(q.is_money or q.is_percent for q in quantities) else []
        made = [_carry(f, price) for f in made]
        price = next((f for f in made if f.is_money), price)
        facts += made
    return facts


def _carry(fact: Fact, before: Fact | None) -> Fact:
    """``Adults pay 14 euros, children 6``: a bare number takes unit and per of the price before it."""
    if fact.unit is not None or before is None or not fact.clause.rstrip(" .").endswith(numerals.plain(fact.value)):
        return fact
    return replace(fact, unit=before.unit, per=before.per)


def _fact(segment: Segment, clause: str, q: Quantity, beside: list[Quantity]) -> Fact:
    named = _pers_before(clause, q, beside)
    each = re.match(r"\W*(?:each|every)\b", clause, re.IGNORECASE)
    per = (*(p for p in named if p not in q.per), *q.per) if each or not q.is_money else q.per or named
    conditions = tuple(o for o in beside if o is not q and not o.is_money and not o.is_percent and (o.is_bound or not o.per))
    return Fact(q.value, q.unit, per, segment, vocabulary(clause), clause, conditions, q.noun, bool(q.per))


def _pers_before(clause: str, q: Quantity, beside: list[Quantity]) -> tuple[Per, ...]:
    if not q.is_money and not re.match(r"\W*(?:each|every)\b", clause, re.IGNORECASE):
        return _one_of(clause, q, beside) or _adverb(clause[: q.start])
    start = max((o.end for o in beside if o.end <= q.start and o.is_money), default=0)
    return pers_named(clause[start : q.start])


_ONE_VERB = re.compile(
    r"^\W*(?:one|an?|1)\s+(?P<what>[^\W\d_]+(?:\s[^\W\d_]+){0,3}?)(?:\s+of\s+(?:\w+\s){1,3}?)?\s*"
    r"(?:weighs?|holds?|covers?|yields?|contains?|needs?|uses?|takes?|produces?|makes?|gives?|has|is\s+enough\s+for|lasts?)\s",
    re.IGNORECASE,
)


def _one_of(clause: str, q: Quantity, beside: list[Quantity]) -> tuple[Per, ...]:
    """``One litre of it weighs 1.15 kg``, ``a batch takes 210 kg``: per litre, per batch."""
    match = _ONE_VERB.match(re.sub(r"^.*?,\s*(?:and\s+)?(?=an?\s|one\s)", "", clause))
    others = [o for o in beside if o is not q and o.end <= q.start and o.value != 1]
    if match is None or others or q.per:
        return ()
    noun = match["what"].split()[-1]
    unit = known_unit(match["what"].split()[0]) or known_unit(noun) or count_unit(noun)
    return () if unit.is_money or (q.unit is not None and q.unit == unit) else (Per(unit),)


def _adverb(before: str) -> tuple[Per, ...]:
    """``The weekly working time is 38.5 hours``."""
    words = [w for w in re.findall(r"[a-z]+", before.lower()) if w in ADVERBS]
    unit = known_unit(ADVERBS[words[-1]]) if words else None
    return (Per(unit),) if unit is not None else ()


def _pair_facts(segment: Segment) -> list[Fact]:
    key, value = segment.cells[0]
    quantities = find_quantities(value)
    per, unit = pers_named(key), column_unit(key)
    label = vocabulary(segment.text)
    bounds = tuple(q for q in find_quantities(key) if not q.is_money and not q.is_percent)
    facts: list[Fact] = []
    for q in quantities:
        full = replace(q, unit=q.unit or unit)
        others = tuple(o for o in quantities if o is not q and not o.is_money and (o.is_bound or full.is_money))
        if not (q.is_bound and (full.is_money or q.per)):
            pers = q.per or (per if full.is_money else ())
            facts.append(Fact(q.value, full.unit, pers, segment, label, segment.text, bounds + others, q.noun, bool(q.per)))
    return facts


def _row_facts(segment: Segment) -> list[Fact]:
    facts: list[Fact] = []
    for index, (column, value) in enumerate(segment.cells):
        amount = cell_amount(column, value)
        if amount is None:
            continue
        others = [c for i, c in enumerate(segment.cells) if i != index]
        label = vocabulary(" ".join([column.replace("_", " "), *(v for _, v in others)]))
        conditions = tuple(q for c, v in others for q in _cell_bounds(c, v))
        facts.append(Fact(amount.value, amount.unit, amount.per, segment, label, f"{column} {value}", conditions, amount.noun))
    return facts


def _cell_bounds(column: str, value: str) -> list[Quantity]:
    """Bounds and exact sizes in a cell; a bare number takes its unit from the column."""
    unit = column_unit(column)
    found = [
        q
        for q in find_quantities(
            f"{column} {value}" if re.match(r"\W*(?:up to|over|above|under|from|max)", column, re.IGNORECASE) else value
        )
        if not q.is_money and not q.is_percent
    ]
    return [Quantity(q.value, q.unit or unit, q.start, q.end, (), q.noun, q.low, q.high) for q in found if q.unit or unit]


def cell_amount(column: str, value: str) -> Quantity | None:
    """The one amount a cell holds, its unit and per taken from the column where the cell has none."""
    if len(value) > 60 or not re.search(r"\d", value):
        return None
    quantities = [q for q in find_quantities(value) if not q.is_bound]
    if len(quantities) != 1 or len(tokens(value)) > 8:
        return None
    q = quantities[0]
    unit = q.unit or column_unit(column)
    per = q.per or (
        pers_named(column)
        if unit is not None and (unit.is_money or "/" in column or "per" in tokens(column.replace("_", " ")))
        else ()
    )
    return Quantity(q.value, unit, q.start, q.end, per, q.noun)


_UNIT_COLUMN = re.compile(r"[(\[]\s?(?P<in>[^()\[\]]{1,12}?)\s?[)\]]|(?:[_\s]|in\s)(?P<tail>[^\W_]{1,12}[²³]?|%)$")


def column_unit(column: str) -> Unit | None:
    """The unit a column's name gives: ``weight_kg``, ``Price (EUR)``; money of no currency where it only says price."""
    head = re.split(r"\bper\b|/", column.replace("_", " "), maxsplit=1, flags=re.IGNORECASE)[0].strip()
    for symbol in "€$£¥":
        if symbol in column:
            return known_unit(symbol)
    for word in tokens(head):
        unit = known_unit(word)
        if unit is not None and unit.is_money:
            return unit
    whole = known_unit(head) if len(head) > 1 else None
    if whole is not None:
        return whole
    match = _UNIT_COLUMN.search(head)
    unit = known_unit((match["in"] or match["tail"]).strip()) if match else None
    if unit is not None:
        return unit
    words = {canon(word) for word in tokens(head)}
    return MONEY if words & _MONEY_WORDS else None


MONEY = Unit("", "money")
_MONEY_WORDS = frozenset(
    canon(w)
    for w in """
    price cost fee salary wage revenue budget expense rent toll fine deposit bill income profit subtotal tax discount
    spend
""".split()
)


def number_in(value: str) -> Decimal | None:
    """The number a cell is, if it is one."""
    match = re.fullmatch(r"\s*(-?)\s?[€$£]?\s?([\d.,'\u00a0 ]*\d)\s?\S{0,12}\s*", value)
    return numerals.parse(match[2]) * (-1 if match[1] else 1) if match and numerals.NUMERAL.fullmatch(match[2]) else None
