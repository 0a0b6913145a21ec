"""Sums of many numbers, asked of the calculator in parts."""

from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.reckoning.question import Means
from llm.providers.rehearsal.toolbox import Pending

PART = 40
"""How many numbers one addition takes."""


def add_up(values: list[Decimal], means: Means) -> tuple[Decimal, str]:
    """The sum and its expression; a long one is added up in parts, asked for all at once."""
    sums: list[Decimal] = []
    pending: Pending | None = None
    for start in range(0, len(values), PART):
        try:
            sums.append(numerals.first_number(means.calculate(added(values[start : start + PART]))) or Decimal(0))
        except Pending as wait:
            pending = wait
    if pending is not None:
        raise pending
    total = sums[0] if len(sums) == 1 else add_up(sums, means)[0]
    return total, added(values)


def added(values: list[Decimal]) -> str:
    """The values with plus signs between."""
    return " + ".join(numerals.plain(v) if v >= 0 else f"({numerals.plain(v)})" for v in values)
