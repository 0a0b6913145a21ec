"""Arithmetic in words made into an expression, and exact evaluation where no calculator is offered."""

import ast
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.number_words import NUMBER_WORDS, number_from_words
from llm.providers.rehearsal.language.units import Unit, factor, known_unit

_DATE = r"(\d{4}-\d{2}-\d{2})"
_DATE_PLUS = re.compile(rf"^\s*{_DATE}\s*([+-])\s*(\d+)\s*(days?|weeks?)\s*$")
_DATE_MINUS = re.compile(rf"^\s*{_DATE}\s*-\s*{_DATE}\s*$")
_CONVERT = re.compile(r"^\s*(-?[\d.]+)\s*([^\d\s][^\d]*?)\s+(?:to|in)\s+(\D+?)\s*$")


class NotArithmetic(ValueError):
    """The text is no expression that can be worked out; ``str`` says why."""


def evaluate(expression: str) -> str:
    """The value as text. Knows ``+ - * / // % **``, ``min max round abs sqrt sum``, unit conversion and days between dates.

    Raises ``NotArithmetic``.
    """
    try:
        if match := _DATE_PLUS.match(expression):
            days = int(match[3]) * (7 if match[4].startswith("week") else 1)
            return str(date.fromisoformat(match[1]) + timedelta(days=days if match[2] == "+" else -days))
        if match := _DATE_MINUS.match(expression):
            return f"{(date.fromisoformat(match[1]) - date.fromisoformat(match[2])).days} days"
        if match := _CONVERT.match(expression):
            return _convert(Decimal(match[1]), match[2], match[3])
        with localcontext() as context:
            context.prec = 40
            return numerals.plain(+_value(ast.parse(expression.strip(), mode="eval").body))
    except (ValueError, ArithmeticError, InvalidOperation, DivisionByZero, SyntaxError, RecursionError, MemoryError) as error:
        raise NotArithmetic(f"{expression} cannot be worked out: {error}") from None


def _convert(value: Decimal, given: str, wanted: str) -> str:
    first, second = known_unit(given), known_unit(wanted)
    if first and second and first.dimension == second.dimension == "temperature":
        celsius = {"celsius": value, "fahrenheit": (value - 32) * 5 / 9, "kelvin": value - Decimal("273.15")}[first.name]
        shown = {"celsius": celsius, "fahrenheit": celsius * 9 / 5 + 32, "kelvin": celsius + Decimal("273.15")}[second.name]
        return f"{numerals.plain(shown)} {wanted}"
    ratio = factor(first, second) if first and second else None
    if ratio is None:
        raise NotArithmetic(f"{given} does not convert to {wanted}")
    return f"{numerals.plain(value * ratio)} {wanted}"


_BINARY: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
_CALLS: dict[str, Callable[..., Decimal]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sum": lambda *values: sum(values, Decimal(0)),
    "sqrt": lambda value: value.sqrt(),
    "round": lambda value, places=Decimal(0): round(value, int(places)),
}


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return -_value(node.operand) if isinstance(node.op, ast.USub) else _value(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, power = _value(node.left), _value(node.right)
        if abs(power) > 1000 or abs(base) > 10**12:
            raise NotArithmetic("the power is too large")
        return base**power
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and not node.keywords:
        return _CALLS[node.func.id](*map(_value, node.args))
    raise NotArithmetic("only numbers and arithmetic are allowed")


_LEAD = re.compile(
    r"^(?:(?:please|can you|could you|what(?:'s|’s| is| are| does| do)|how much (?:is|are|does)|how many (?:is|are)"
    r"|calculate|compute|evaluate|work out|find|tell me|give me"
    r"|solve|add up|add|the (?:value|result|answer) of|result of|and|then|so|an?)\b[\s:,]*)+",
    re.IGNORECASE,
)
_NUM = r"(?:\(?-?\d+(?:\.\d+)?\)?)"
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), new)
    for pattern, new in (
        (rf"({_NUM})\s?(?:%|percent|per cent)\s?of\s(?:that|it|this)\b", r"\1% of PREVIOUS"),
        (r"\b(?:the )?square root of\s?\(?(\d+(?:\.\d+)?)\)?", r"sqrt(\1)"),
        (r"\b(?:multiplied by|times)\b|[×·⋅]|(?<=[\d)])\s?x\s?(?=[\d(])", "*"),
        (r"\b(?:divided by|over)\b|[÷]", "/"),
        (r"\b(?:to the power of|raised to(?: the power of)?)\b|\^", "**"),
        (r"\bsquared\b", "**2"),
        (r"\bcubed\b", "**3"),
        (r"\b(?:modulo|mod)\b", "%%"),
        (rf"\b(?:the )?sum of ({_NUM}) and ({_NUM})", r"(\1+\2)"),
        (rf"\b(?:the )?product of ({_NUM}) and ({_NUM})", r"(\1*\2)"),
        (rf"\b(?:the )?difference (?:between|of) ({_NUM}) and ({_NUM})", r"abs(\1-\2)"),
        (r"\b(\d+/\d+) of (\d+(?:\.\d+)?)", r"(\1*\2)"),
        (rf"({_NUM})\s?(?:%|percent|per cent)\s?off\s(?:of\s)?({_NUM})", r"(\2*(1-\1/100))"),
        (rf"\bhalf of ({_NUM})", r"(\1/2)"),
        (rf"\ba (?:third|quarter) of ({_NUM})", r"(\1/4)"),
        (rf"({_NUM})\s?(?:%|percent|per cent)\s?(?:\w+\s)?(?:of|on)\s?({_NUM}|\([^()]*\))", r"(\1/100*\2)"),
        (rf"^(.*\d\)?)\s?(?:\b(?:increased by|raised by|plus)|[+])\s?({_NUM})\s?(?:%(?!%)|percent|per cent)(?:\s(?:vat"
         rf"|tax|tip|interest))?", r"(\1)*(1+\2/100)"),
        (rf"^(.*\d\)?)\s?(?:\b(?:decreased by|reduced by|discounted by|minus|less)|-)\s?({_NUM})\s?(?:%(?!%)|percent"
         rf"|per cent)(?:\sdiscount)?", r"(\1)*(1-\2/100)"),
        (rf"\bwith (?:an? )?({_NUM})\s?% discount", r"*(1-\1/100)"),
        (r"\b(?:plus|added to|increased by)\b", "+"),
        (r"\b(?:minus|less|reduced by|decreased by)\b|[−–]", "-"),
        (r"%%", "%"),
    )
)  # fmt: skip
_EXPRESSION = re.compile(r"(?:[\d\s.+\-*/%(),]|sqrt|abs|min|max|sum|round)+")
_LIST = re.compile(
    r"^(?:the )?(?P<what>sum|total|average|mean|product|maximum|minimum|max|min|largest|smallest) (?:of"
    r"|:)?\s?(?P<list>[\d\s.,;and&+]+)$",
    re.IGNORECASE,
)


def from_words(text: str) -> str | None:
    """``What is 17% of 2,340 plus 12?`` -> ``(17/100*2340) + 12``; ``None`` when the text is not arithmetic alone."""
    if len(text) > 2000:
        return None
    line = _LEAD.sub("", text.strip().strip("?!. =")).strip().strip("?.!=")
    line = NUMBER_WORDS.sub(lambda m: numerals.plain(number_from_words(m.group()) or Decimal(0)), line)
    line = re.sub(r"(?<=\d)\s(?=(?:thousand|million)\b)", "", line)
    if listed := _LIST.match(line):
        return _of_list(listed["what"].lower(), listed["list"])
    line = re.sub(
        r"(?<![\d.,])\d[\d,]*(?:\.\d+)?",
        lambda m: numerals.plain(numerals.parse(m.group().rstrip(","))) + ("," if m.group().endswith(",") else ""),
        line,
    )
    line = re.sub(r"[€$£]\s?|\s(?:euros?|dollars?|pounds?|EUR|USD|GBP|CHF)\b|\b(?:EUR|USD|GBP|CHF)\s(?=\d)", "", line)
    for pattern, new in _REWRITES:
        line = pattern.sub(new, line)
    line = re.sub(r"\s+", " ", line).strip()
    has_operator = re.search(r"\d\s?\)?\s?(?:[+*/%-]|\*\*)\s?\(?[\d(s]|sqrt|/100|abs", line)
    return line if has_operator and _EXPRESSION.fullmatch(line) else None


def _of_list(what: str, listed: str) -> str | None:
    numbers = [
        numerals.plain(numerals.parse(n)) for n in re.findall(r"\d+(?:\.\d+)?(?:,\d{3}(?!\d))*", listed.replace(", ", " ; "))
    ]
    if len(numbers) < 2:
        return None
    joined = {"product": " * "}.get(what, " + ").join(numbers)
    if what in ("average", "mean"):
        return f"({joined}) / {len(numbers)}"
    pick = "max" if what in ("maximum", "max", "largest") else "min" if what in ("minimum", "min", "smallest") else ""
    return f"{pick}({', '.join(numbers)})" if pick else joined


_MONEY = re.compile(r"[€$£]|\b(?:euros?|dollars?|pounds?|EUR|USD|GBP|CHF)\b", re.IGNORECASE)


def money_in(text: str) -> Unit | None:
    """The one currency that a sum is written in."""
    units = {known_unit(m.group()) for m in _MONEY.finditer(text)}
    return units.pop() if len(units) == 1 else None


_ON_PREVIOUS = (
    (
        r"(?P<n>\d+(?:[.,]\d+)?)\s?(?:%|percent|per cent) of (?:that|it|this|the (?:total|result|sum|amount|cost|price))\b",
        "{v} * {n} / 100",
    ),
    (
        r"\b(?:divide|split|share)\s+(?:it|that|this|the \w+)\s+(?:equally\s+)?(?:by|between|among|across|into)\s+(?P<n>\w+)",
        "{v} / {n}",
    ),
    (r"\bmultiply\s+(?:it|that|this|the \w+)\s+by\s+(?P<n>[\w.]+)", "{v} * {n}"),
    (r"\badd\s+(?P<n>\d+(?:[.,]\d+)?)\s?(?:%|percent)", "{v} * (1 + {n} / 100)"),
    (r"\b(?:subtract|deduct|take off)\s+(?P<n>\d+(?:[.,]\d+)?)\s?(?:%|percent)", "{v} * (1 - {n} / 100)"),
    (r"\badd\s+(?P<n>\d+(?:[.,]\d+)?)\s+to\s+(?:it|that|this|the \w+)", "{v} + {n}"),
    (r"\bsubtract\s+(?P<n>\d+(?:[.,]\d+)?)\s+from\s+(?:it|that|this|the \w+)", "{v} - {n}"),
    (r"\bdouble\s+(?:it|that|this|the \w+)", "{v} * 2"),
    (r"\bhalve\s+(?:it|that|this|the \w+)|\bhalf of (?:that|it|this)\b", "{v} / 2"),
)


def on_previous(text: str, value: Decimal) -> str | None:
    """The expression of a follow-on (``20% of that``, ``split it between four``) over the value before it."""
    for pattern, form in _ON_PREVIOUS:
        if match := re.search(pattern, text, re.IGNORECASE):
            raw = match.groupdict().get("n") or "1"
            number = number_from_words(raw) if not raw[0].isdigit() else numerals.parse(raw)
            return form.format(v=numerals.plain(value), n=numerals.plain(number)) if number else None
    return None


def pretty(expression: str) -> str:
    """An expression for people to read."""
    return expression.replace("**", "^").replace("*", "×").replace("/", "÷")
