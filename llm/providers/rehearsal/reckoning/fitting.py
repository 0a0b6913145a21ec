"""Which given fits which unit, and the factors it brings."""

import re
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Per, Quantity
from llm.providers.rehearsal.language.units import PERSONS, Unit, factor, known_unit, plural, steps
from llm.providers.rehearsal.language.words import canon, tokens
from llm.providers.rehearsal.reckoning.phrases import given_name
from llm.providers.rehearsal.reckoning.products import Factor


def ratio_of(given: Quantity, condition: Quantity) -> Decimal | None:
    if given.unit is None or given.is_money:
        return None
    if condition.unit is None and condition.low is not None and condition.high is not None:
        return None  # ages
    if condition.unit is None:
        return Decimal(1) if given.unit.dimension == "count" and canon(given.unit.name) in PERSONS else None
    return factor(given.unit, condition.unit)


def fits(given: Quantity, unit: Unit) -> Decimal | None:
    """How many ``unit`` one of the given is; a counted phrase fits by any of its words (``double rooms`` per room)."""
    if given.unit is None or given.is_bound or given.is_percent:
        return None
    ratio = factor(given.unit, unit)
    if ratio is None and unit.is_money and given.is_money and (not unit.name or not given.unit.name):
        return Decimal(1)
    if ratio is None and unit.dimension == given.unit.dimension == "count":
        alike = canon(unit.name) == canon(given.unit.name) or canon(unit.name) in {canon(w) for w in tokens(given.noun)}
        return Decimal(1) if alike else None
    return ratio


def factors_of(given: Quantity, ratio: Decimal, per: Per) -> tuple[Factor, ...]:
    """The given as factors of a product over ``per``: itself, and what turns its unit into that of ``per``."""
    factors = [Factor(numerals.plain(given.value), given_name(given))]
    found = steps(given.unit, per.unit) if given.unit and ratio != 1 else None
    if found is not None:
        times, over = found
        if times != 1:
            factors.append(Factor(numerals.plain(times), _turned(times, over, given, per)))
        if over != 1:
            factors.append(Factor(numerals.plain(over), f"{numerals.plain(over)} to one {per.unit.name}", over=True))
    if per.amount != 1:
        factors.append(Factor(numerals.plain(per.amount), numerals.plain(per.amount), over=True))
    return tuple(factors)


def _turned(times: Decimal, over: Decimal, given: Quantity, per: Per) -> str:
    return f"{numerals.plain(times)} {plural(per.unit, times)} each" if over == 1 else numerals.plain(times)


def names_one(unit: Unit, clause: str) -> bool:
    """``a night``, ``per night``, ``one night`` or ``Night:`` in a clause, not ``2 nights``."""
    for match in re.finditer(r"[^\W\d_]+", clause):
        if known_unit(match.group()) == unit and not re.search(
            r"\d\s?-?$|\b(?:two|three|four|five|six|seven|eight|nine|ten)\s$",
            clause[max(0, match.start() - 7) : match.start()],
        ):
            return True
    return False
