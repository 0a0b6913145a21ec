"""Amounts, givens and facts as people write them."""

from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import Unit, plural
from llm.providers.rehearsal.reading.facts import Fact

_PLAIN = Unit("", "")
_MOST_DIGITS = 15


def given_name(given: Quantity) -> str:
    if given.unit is None:
        return numerals.show(given.value)
    if given.unit.is_money:
        return amount(given.value, given.unit)
    noun = given.noun if given.unit.dimension == "count" and given.noun else plural(given.unit, given.value)
    return f"{numerals.show(given.value)} {noun}"


def amount(value: Decimal, unit: Unit | None) -> str:
    """A value with its unit as people write it: ``17,760 euros``."""
    if unit is None or not unit.name:
        return numerals.show_money(value) if unit else numerals.show(value) + _about(value, _PLAIN)
    shown = numerals.show_money(value) if unit.is_money else numerals.show(value)
    if unit.dimension == "share":
        return f"{shown}%"
    return f"{shown} {plural(unit, value)}{_about(value, unit)}"


def _about(value: Decimal, unit: Unit) -> str:
    """`` (about 75.67)`` behind a number of many decimals."""
    if unit.is_money or abs(value) < 1 or value.adjusted() > _MOST_DIGITS:
        return ""
    short = round(value, 2)
    return "" if round(value, 4) == short else f" (about {numerals.show(short)})"


def describe(fact: Fact) -> str:
    """``37 euros per metre and day``."""
    pers = " and ".join(
        (f"{numerals.plain(p.amount)} {plural(p.unit, p.amount)}" if p.amount != 1 else p.unit.name) for p in fact.per
    )
    text = (
        amount(fact.value, fact.unit)
        if fact.unit is None or fact.unit.dimension != "count"
        else f"{numerals.show(fact.value)} {fact.noun}"
    )
    return f"{text} per {pers}" if pers else text
