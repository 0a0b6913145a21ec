"""``calculate``: sums that a model should not do in its head."""

from typing import Annotated

from pydantic import Field

from tools.calculator.parser import evaluate
from tools.calculator.values import written
from tools.decorator import tool


@tool(read_only=True, idempotent=True, open_world=False, trust="trusted", visibility="private", timeout_seconds=10)
def calculate(
    expression: Annotated[
        str,
        Field(description="For example `1,234.5 * 3`, `17% of 2340`, `12.5 km to miles`, `2026-03-01 + 45 days`."),
    ],
) -> str:
    """Calculate exactly: + - * / // % **, parentheses, percentages, min max sum round abs sqrt floor ceil, units and dates.

    Thousands separators are commas. `200 + 5%` is 210. Units are converted with `to`. Two dates can be subtracted; days,
    weeks, months and years can be added to a date.
    """
    return written(evaluate(expression))
