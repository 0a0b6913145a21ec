"""Days of the calendar."""

from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def written(day: date) -> str:
    """``2026-03-14 (Saturday, 14 March 2026)``."""
    return f"{day.isoformat()} ({day:%A}, {day.day} {day:%B} {day.year})"
