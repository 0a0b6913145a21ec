"""What can be calculated with, and how it is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from tools.errors import ToolError

Units: TypeAlias = tuple[tuple[str, Fraction], ...]
"""Unit names with their powers; the empty tuple is a plain number."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of units."""

    magnitude: Fraction
    units: Units


@dataclass(frozen=True, slots=True)
class Percent:
    """``ratio`` is 0.05 for 5 %. Kept apart from numbers because ``200 + 5%`` is 5 % of 200 more."""

    ratio: Fraction


Value: TypeAlias = Fraction | Quantity | Percent | date

_COUNTED = frozenset({"day", "week", "month", "year"})
_EXACT_DIGITS = 30
_SHOWN_DIGITS = 12
_MAX_BITS = 8192
_ROUNDED = Context(prec=60)
_SHORT = Context(prec=_SHOWN_DIGITS)


def bounded(number: Fraction) -> Fraction:
    """The number, with a denominator that stays small. Raises ``ToolError`` for a number of thousands of digits."""
    if number.numerator.bit_length() - number.denominator.bit_length() > _MAX_BITS:
        raise ToolError("The result is too large: it has more than 2,400 digits.")
    if number.denominator.bit_length() <= _MAX_BITS:
        return number
    return Fraction(_ROUNDED.divide(Decimal(number.numerator), Decimal(number.denominator)))


def written(value: Value) -> str:
    """The value as plain text: ``17760``, ``12.5``, ``7.767 mile``, ``32 days``, ``2026-04-15``."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Percent):
        return _number(value.ratio)
    if isinstance(value, Quantity):
        return f"{_number(value.magnitude, measured=True)} {written_units(value.units, value.magnitude)}".strip()
    return _number(value)


def written_units(units: Units, magnitude: Fraction = Fraction(1)) -> str:
    """``kilometer/hour``, ``meter^2``; units of the calendar in the plural where there are not one of them."""
    over = [_power(name, power) for name, power in units if power > 0]
    under = [_power(name, -power) for name, power in units if power < 0]
    if len(units) == 1 and units[0][0] in _COUNTED and units[0][1] == 1 and abs(magnitude) != 1:
        return f"{units[0][0]}s"
    return "/".join(["*".join(over) or "1", *under]) if units else ""


def _power(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}" if power.denominator == 1 else f"{name}^({power})"


def _number(number: Fraction, *, measured: bool = False) -> str:
    """In full where it ends within 30 digits; else rounded: a plain number to 12 digits, a measured one to 3 decimals or 4
    digits, whichever says more. Digits before the point are never rounded away."""
    exact = _terminating(number)
    if exact is not None:
        return exact
    if _exponent(number) < -_SHOWN_DIGITS:
        return f"{_SHORT.divide(Decimal(number.numerator), Decimal(number.denominator)):e}"
    before = len(str(abs(number.numerator) // number.denominator).lstrip("0"))
    decimals = max(3, 4 - _exponent(number)) if measured else max(2, _SHOWN_DIGITS - (before or _exponent(number)))
    shown = _fixed(round_half_away(number, decimals), decimals)
    return shown.rstrip("0").rstrip(".")


def _exponent(number: Fraction) -> int:
    """Digits before the point, or minus the zeros behind it: 1 for 7.5, 0 for 0.75, -1 for 0.075."""
    return _ROUNDED.divide(Decimal(abs(number.numerator)), Decimal(number.denominator)).adjusted() + 1


def _terminating(number: Fraction) -> str | None:
    rest, decimals = number.denominator, 0
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        decimals = max(decimals, times)
    too_long = decimals and (decimals > _EXACT_DIGITS or abs(number) * 10**decimals >= 10**_EXACT_DIGITS)
    if rest != 1 or too_long:
        return None
    return _fixed(number, decimals)


def _fixed(number: Fraction, decimals: int) -> str:
    scaled = number * 10**decimals
    digits = str(abs(scaled.numerator)).rjust(decimals + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def round_half_away(number: Fraction, decimals: int = 0) -> Fraction:
    """Rounded as people do by hand: halves go away from zero."""
    scale = Fraction(10) ** decimals
    whole, rest = divmod(abs(number) * scale, 1)
    rounded = (whole + (rest >= Fraction(1, 2))) / scale
    return -rounded if number < 0 else rounded
