"""Sums with dates, by the calendar."""

import calendar
from datetime import date, timedelta
from fractions import Fraction

from tools.calculator.units import convert
from tools.calculator.values import Quantity
from tools.errors import ToolError

_MONTHS = {"month": 1, "year": 12, "decade": 120, "century": 1200}
_DAY = (("day", Fraction(1)),)


def shift(start: date, by: Quantity, sign: int) -> date:
    """``start`` moved by days and weeks, or by calendar months and years (31 January + 1 month is the last of February).

    Raises ``ToolError`` where ``by`` is not a whole number of them, or the year leaves 1 to 9999.
    """
    unit = by.units[0][0] if len(by.units) == 1 else ""
    try:
        if unit in _MONTHS:
            return _add_months(start, sign * _whole(by.magnitude * _MONTHS[unit], "months"))
        return start + timedelta(days=sign * _whole(convert(by, _DAY).magnitude, "days"))
    except (OverflowError, ValueError):
        raise ToolError("The date leaves the calendar, which goes from year 1 to year 9999.") from None


def days_between(later: date, earlier: date) -> Quantity:
    """How many days lie between two dates; negative where the second comes after the first."""
    return Quantity(Fraction((later - earlier).days), _DAY)


def _whole(count: Fraction, what: str) -> int:
    if count.denominator != 1:
        raise ToolError(f"A date can be moved by whole {what} only.")
    return int(count)


def _add_months(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
