"""From the words of an expression to its value, by recursive descent.

expression := sum [("to" | "in" | "as") units]
sum        := product (("+" | "-") product)*
product    := signed (("*" | "/" | "//" | "%" | "of") signed)*
signed     := ("-" | "+") signed | power
power      := measured ["**" signed]
measured   := atom ["%"] [unit] [measured]      3 h 20 min
atom       := number | date | name | function "(" expression, ... ")" | "(" expression ")"
"""

import re
from collections.abc import Callable
from fractions import Fraction

from tools.calculator import functions
from tools.calculator.operations import add, divide, floor_divide, measure, modulo, multiply, negate, power
from tools.calculator.tokens import Token, tokenize
from tools.calculator.units import convert, unit
from tools.calculator.values import Percent, Quantity, Value, written, written_units
from tools.errors import ToolError

_MAX_DEPTH = 50
_GROUP = re.compile(r"\d{3}(?:\.\d+)?")
_CONVERTING = frozenset({"to", "in", "as"})
_PRODUCTS: dict[str, Callable[[Value, Value], Value]] = {
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
    "of": multiply,
}


def evaluate(expression: str) -> Value:
    """The value of an expression. Raises ``ToolError`` with one sentence for whatever is wrong with it."""
    return _Parser(tokenize(expression)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Value:
        if len(self._tokens) == 1:
            raise ToolError("The expression is empty.")
        value = self._expression()
        if self._now.kind != "end":
            raise ToolError(
                f"`{self._now.text}` is not expected behind {written(value)}: an operator is missing or misplaced."
            )
        return value

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _is(self, *ops: str) -> bool:
        return self._now.kind == "op" and self._now.text in ops

    def _expression(self) -> Value:
        value = self._sum()
        while self._converts():
            self._take()
            value = _converted(value, self._product())
        return value

    def _converts(self) -> bool:
        """``in`` is a word between a quantity and a unit (``5 km in miles``), else it is an inch (``5 in to cm``)."""
        word = self._now.text.lower()
        if self._now.kind != "name" or word not in _CONVERTING:
            return False
        return word != "in" or (self._next.kind == "name" and self._next.text not in ("to", "as", "of"))

    def _sum(self) -> Value:
        value = self._product()
        while self._is("+", "-"):
            sign = 1 if self._take().text == "+" else -1
            value = add(value, self._product(), sign)
        return value

    def _product(self) -> Value:
        value = self._signed()
        while self._is("*", "/", "//", "%") or (self._now.kind == "name" and self._now.text == "of"):
            value = _PRODUCTS[self._take().text](value, self._signed())
        return value

    def _signed(self) -> Value:
        if not self._is("+", "-"):
            return self._power()
        sign = self._take().text
        value = self._deeper(self._signed)
        return negate(value) if sign == "-" else value

    def _power(self) -> Value:
        base = self._measured()
        if not self._is("**"):
            return base
        self._take()
        return power(base, self._deeper(self._signed))

    def _measured(self) -> Value:
        counted = self._now.kind == "number"
        value = self._atom()
        if self._is("%") and self._is_percent():
            self._take()
            value = Percent(_plain_number(value))
        while self._is_unit():
            value = measure(value, self._unit())
        if counted and isinstance(value, Quantity) and self._now.kind == "number":
            value = add(value, self._deeper(self._measured))
        return value

    def _is_percent(self) -> bool:
        """``%`` is a remainder before an operand, else a percentage; before a sign it must be written tight (``5%-2``)."""
        after = self._next
        if after.kind in ("number", "date") or after.text == "(":
            return False
        if after.kind == "name":
            return after.text == "of" or after.text.lower() in _CONVERTING
        if after.text in ("+", "-") and self._now.spaced:
            raise ToolError("`%` before a sign is ambiguous: write `17% - 5` for a percentage, `17 % (-5)` for a remainder.")
        return True

    def _is_unit(self) -> bool:
        if self._now.kind != "name" or self._now.text == "of" or self._converts():
            return False
        return self._now.text not in functions.NAMES or self._next.text != "("

    def _unit(self) -> Value:
        """A unit with its own power: in ``3 m^2`` only the metre is squared."""
        found = self._named(self._take().text)
        if not self._is("**"):
            return found
        self._take()
        return power(found, self._deeper(self._signed))

    def _named(self, name: str) -> Value:
        constant = functions.CONSTANTS.get(name)
        return unit(name) if constant is None else constant

    def _atom(self) -> Value:
        token = self._take()
        if token.value is not None:
            return token.value
        if token.text == "(":
            value = self._deeper(self._expression)
            self._close()
            return value
        if token.kind == "name" and token.text.lower() not in ("to", "of", "as"):
            return self._call(token.text) if self._is("(") else self._named(token.text)
        raise ToolError(f"A number is missing before `{token.text}`." if token.kind != "end" else "The expression breaks off.")

    def _call(self, name: str) -> Value:
        if name not in functions.NAMES:
            raise ToolError(f"There is no function `{name}`; known: {', '.join(sorted(functions.NAMES))}.")
        self._take()
        args: list[Value] = []
        commas: set[str] = set()
        while not self._is(")"):
            args.append(self._deeper(self._expression))
            if not self._is(","):
                break
            self._comma(name, commas)
        self._close()
        return functions.call(name, args)

    def _comma(self, function: str, seen: set[str]) -> None:
        """``sum(100,200)`` and ``sum(1, 2)`` part arguments; ``sum(1,234, 5)`` may mean either and is refused."""
        before = self._tokens[self._at - 1]
        self._take()
        grouping = before.kind == "number" and not self._now.spaced and _GROUP.fullmatch(self._now.text) is not None
        seen.add("grouping" if grouping else "spaced" if self._now.spaced else "tight")
        if {"grouping", "spaced"} <= seen:
            raise ToolError(f"The commas in `{function}(...)` are ambiguous: write its numbers without thousands separators.")

    def _close(self) -> None:
        if not self._is(")"):
            raise ToolError("A closing parenthesis is missing.")
        self._take()

    def _deeper(self, parse: Callable[[], Value]) -> Value:
        if self._depth >= _MAX_DEPTH:
            raise ToolError(f"The expression is nested more than {_MAX_DEPTH} deep.")
        self._depth += 1
        value = parse()
        self._depth -= 1
        return value


def _converted(value: Value, target: Value) -> Value:
    if not isinstance(target, Quantity) or target.magnitude != 1:
        raise ToolError(f"`{written(target)}` is not a unit that something can be converted to.")
    if not isinstance(value, Quantity):
        raise ToolError(f"{written(value)} has no unit, so it cannot be converted to {written_units(target.units)}.")
    return convert(value, target.units)


def _plain_number(value: Value) -> Fraction:
    if not isinstance(value, Fraction):
        raise ToolError(f"A percentage is a plain number, not {written(value)}.")
    return value / 100
