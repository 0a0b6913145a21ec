"""The functions an expression may call."""

import math
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import reduce

from tools.calculator.operations import add, square_root
from tools.calculator.values import Percent, Quantity, Value, round_half_away
from tools.errors import ToolError

CONSTANTS: dict[str, Fraction] = {
    "pi": Fraction("3.14159265358979323846264338327950288419716939937510"),
    "π": Fraction("3.14159265358979323846264338327950288419716939937510"),
    "e": Fraction("2.71828182845904523536028747135266249775724709369995"),
}

Number = Callable[[Fraction], Fraction]


def call(name: str, args: list[Value]) -> Value:
    """The value of a function; halves are rounded away from zero. Raises ``ToolError`` for a wrong number of arguments."""
    if name in ("min", "max", "sum"):
        return _over_all(name, args)
    if name == "round":
        return _round(args)
    if len(args) != 1:
        raise ToolError(f"`{name}` takes one argument, not {len(args)}.")
    if name == "sqrt":
        if isinstance(args[0], Quantity | date):
            raise ToolError("`sqrt` takes a plain number; raise a quantity to the power 0.5.")
        return _apply(square_root, args[0])
    return _apply(_SINGLE[name], args[0])


_SINGLE: dict[str, Number] = {
    "abs": abs,
    "floor": lambda number: Fraction(math.floor(number)),
    "ceil": lambda number: Fraction(math.ceil(number)),
}
NAMES = frozenset({"min", "max", "sum", "round", "sqrt", *_SINGLE})


def _apply(function: Number, value: Value) -> Value:
    if isinstance(value, date):
        raise ToolError("That function takes a number, not a date.")
    if isinstance(value, Quantity):
        return Quantity(function(value.magnitude), value.units)
    return function(value.ratio if isinstance(value, Percent) else value)


def _round(args: list[Value]) -> Value:
    if not 1 <= len(args) <= 2:
        raise ToolError(f"`round` takes a number and, if you like, how many decimals, not {len(args)} arguments.")
    decimals = args[1] if len(args) == 2 else Fraction(0)
    if not isinstance(decimals, Fraction) or decimals.denominator != 1 or not -100 <= decimals <= 100:
        raise ToolError("`round` takes a whole number of decimals from -100 to 100.")
    places = int(decimals)
    return _apply(lambda number: round_half_away(number, places), args[0])


def _over_all(name: str, args: list[Value]) -> Value:
    if not args:
        raise ToolError(f"`{name}` takes at least one argument.")
    if name == "sum":
        return reduce(add, args)
    sign = 1 if name == "max" else -1
    return reduce(lambda best, other: other if _compare(other, best) * sign > 0 else best, args)


def _compare(left: Value, right: Value) -> Fraction:
    """Positive where ``left`` is the greater one."""
    if isinstance(left, Percent) != isinstance(right, Percent):
        left, right = (value.ratio if isinstance(value, Percent) else value for value in (left, right))
    difference = add(left, right, -1)
    if isinstance(difference, Quantity):
        return difference.magnitude
    return difference.ratio if isinstance(difference, Percent) else Fraction(difference)  # type: ignore[arg-type]
