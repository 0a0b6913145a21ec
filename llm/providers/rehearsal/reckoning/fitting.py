"""Which given fits which unit, and the factors it brings."""

import re
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Per, Quantity
from llm.providers.rehearsal.language.units import PERSONS, Unit, factor, known_unit, plural
from llm.providers.rehearsal.language.words import canon, tokens
from llm.providers.rehearsal.reckoning.phrases import given_name
from llm.providers.rehearsal.reckoning.products import Factor


def ratio_of(given: Quantity, condition: Quantity) -> Decimal | None:
    if given.unit is None or given.is_money:
        return None
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
    factors = [Factor(numerals.plain(given.value), given_name(given))]
    if ratio > 1 or (ratio != 1 and _is_short(ratio)):
        factors.append(Factor(numerals.plain(ratio), f"{numerals.plain(ratio)} {plural(per.unit, ratio)} each"))
    elif ratio != 1:
        inverse = 1 / ratio
        factors.append(
            Factor(
                numerals.plain(round(inverse, 12)), f"{numerals.plain(round(inverse, 6))} to one {per.unit.name}", over=True
            )
        )
    if per.amount != 1:
        factors.append(Factor(numerals.plain(per.amount), numerals.plain(per.amount), over=True))
    return tuple(factors)


def _is_short(ratio: Decimal) -> bool:
    return len(numerals.plain(ratio)) <= 8


def names_one(unit: Unit, clause: str) -> bool:
    """``a night``, ``per night``, ``one night`` or ``Night:`` in a clause, not ``2 nights``."""
    for match in re.finditer(r"[^\W\d_]+", clause):
        if known_unit(match.group()) == unit and not re.search(
            r"\d\s?-?$|\b(?:two|three|four|five|six|seven|eight|nine|ten)\s$",
            clause[max(0, match.start() - 7) : match.start()],
        ):
            return True
    return False
