"""The operators, over every pair of values they make sense for."""

import math
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction

from tools.calculator.dates import days_between, shift
from tools.calculator.units import convert, is_offset, reduced
from tools.calculator.values import Percent, Quantity, Units, Value, bounded, written_units
from tools.errors import ToolError

_EXACT_BITS = 8192
_MAX_DIGITS = 2400
_MAX_EXPONENT = 10**12
_PRECISE = Context(prec=50)


def add(left: Value, right: Value, sign: int = 1) -> Value:
    """``left + right``, or ``left - right`` for a ``sign`` of -1. A percentage is taken of what it is added to."""
    if isinstance(left, date):
        return _add_to_date(left, right, sign)
    if isinstance(right, date):
        if isinstance(left, Quantity) and sign > 0:
            return shift(right, left, 1)
        raise ToolError("A date can be taken away from another date only.")
    if isinstance(right, Percent) and not isinstance(left, Percent):
        return multiply(left, 1 + sign * right.ratio)
    if isinstance(left, Percent) and isinstance(right, Percent):
        return Percent(left.ratio + sign * right.ratio)
    return _add_numbers(_plain(left), _plain(right), sign)


def multiply(left: Value, right: Value) -> Value:
    """Units are multiplied too."""
    (a, units), (b, others) = _parts(left), _parts(right)
    _refuse_offset(units, others)
    return reduced(bounded(a * b), _merge(units, others, 1))


def measure(count: Value, unit: Value) -> Value:
    """So many of a unit, which for ``20 °C`` is not the same as 20 times 1 °C."""
    if isinstance(count, Fraction) and isinstance(unit, Quantity):
        return Quantity(bounded(count * unit.magnitude), unit.units)
    return multiply(count, unit)


def divide(left: Value, right: Value) -> Value:
    """Exact. Raises ``ToolError`` for a division by zero."""
    (a, units), (b, others) = _parts(left), _parts(right)
    _refuse_offset(units, others)
    return reduced(bounded(a / _not_zero(b)), _merge(units, others, -1))


def floor_divide(left: Value, right: Value) -> Value:
    """How many whole times ``right`` goes into ``left``, rounded down."""
    quotient = _parts(divide(left, right))
    if quotient[1]:
        raise ToolError("`//` needs two plain numbers, or two quantities of one kind.")
    return Fraction(math.floor(quotient[0]))


def modulo(left: Value, right: Value) -> Value:
    """What is left over after ``//``; it has the sign of ``right``."""
    return add(left, multiply(floor_divide(left, right), right), -1)


def power(base: Value, exponent: Value) -> Value:
    """Exact for whole exponents while the numbers stay small, else to 50 digits. Raises ``ToolError`` where it is not real."""
    (number, units), (times, of) = _parts(base), _parts(exponent)
    if of:
        raise ToolError("An exponent is a plain number.")
    if units and (is_offset(units) or abs(times) > 100):
        raise ToolError(f"{written_units(units)} cannot be raised to that power.")
    return reduced(_power(number, times), tuple((name, p * times) for name, p in units if p * times))


def negate(value: Value) -> Value:
    if isinstance(value, date):
        raise ToolError("A date has no negative.")
    if isinstance(value, Percent):
        return Percent(-value.ratio)
    return Quantity(-value.magnitude, value.units) if isinstance(value, Quantity) else -value


def _add_to_date(left: date, right: Value, sign: int) -> Value:
    if isinstance(right, date):
        if sign < 0:
            return days_between(left, right)
        raise ToolError("Two dates cannot be added; `-` gives the days between them.")
    if not isinstance(right, Quantity):
        raise ToolError("Say of what is added to the date: `45 days`, `2 weeks`, `1 month`.")
    return shift(left, right, sign)


def _add_numbers(left: Fraction | Quantity, right: Fraction | Quantity, sign: int) -> Value:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return bounded(left + sign * right)
    if isinstance(left, Fraction) or isinstance(right, Fraction):
        units = left.units if isinstance(left, Quantity) else right.units if isinstance(right, Quantity) else ()
        raise ToolError(f"A plain number and a number of {written_units(units)} cannot be added or compared.")
    if is_offset(left.units) or is_offset(right.units):
        raise ToolError("Temperatures in °C or °F can be converted, but not added; convert them to kelvin first.")
    return Quantity(bounded(left.magnitude + sign * convert(right, left.units).magnitude), left.units)


def _plain(value: Value) -> Fraction | Quantity:
    if isinstance(value, date):
        raise ToolError(
            "That cannot be done with a date; dates can be shifted by days, weeks, months and years, and subtracted."
        )
    return value.ratio if isinstance(value, Percent) else value


def _parts(value: Value) -> tuple[Fraction, Units]:
    plain = _plain(value)
    return (plain.magnitude, plain.units) if isinstance(plain, Quantity) else (plain, ())


def _merge(left: Units, right: Units, sign: int) -> Units:
    powers = dict(left)
    for name, exponent in right:
        powers[name] = powers.get(name, Fraction(0)) + sign * exponent
    return tuple((name, exponent) for name, exponent in powers.items() if exponent)


def _refuse_offset(*sides: Units) -> None:
    if any(map(is_offset, sides)):
        raise ToolError("Temperatures in °C or °F can be converted, but not multiplied; convert them to kelvin first.")


def _not_zero(number: Fraction) -> Fraction:
    if number == 0:
        raise ToolError("The expression divides by zero.")
    return number


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0:
        _ = _not_zero(base) if exponent < 0 else None
        return Fraction(int(exponent == 0))
    if base < 0 and exponent.denominator != 1:
        raise ToolError("A negative number has no real root.")
    if abs(base) == 1:
        return base if exponent % 2 else Fraction(1)
    if abs(exponent) > _MAX_EXPONENT:
        raise ToolError("The exponent is too large.")
    digits = float(abs(exponent)) * abs(math.log10(abs(base.numerator)) - math.log10(base.denominator))
    if digits > _MAX_DIGITS:
        raise ToolError("The power is too large: the result would have more than 2,400 digits.")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator == 1 and bits * abs(exponent) <= _EXACT_BITS:
        return base ** int(exponent)
    sign = -1 if base < 0 and exponent % 2 else 1
    return sign * Fraction(_PRECISE.power(_decimal(abs(base)), _decimal(exponent)))


def square_root(number: Fraction) -> Fraction:
    """Exact for squares, else to 50 digits."""
    if number < 0:
        raise ToolError("A negative number has no real square root.")
    over, under = math.isqrt(number.numerator), math.isqrt(number.denominator)
    if over * over == number.numerator and under * under == number.denominator:
        return Fraction(over, under)
    return Fraction(_PRECISE.sqrt(_decimal(number)))


def _decimal(number: Fraction) -> Decimal:
    return _PRECISE.divide(Decimal(number.numerator), Decimal(number.denominator))
