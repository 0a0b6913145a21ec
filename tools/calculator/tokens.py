"""The words of an expression."""

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from tools.errors import ToolError

MAX_CHARS = 1000
WORDS = frozenset({"of", "to", "in", "as"})
"""Names that are neither units nor functions (``in`` is also an inch)."""
_MAX_EXPONENT = 300
_SPELLED_OUT = {"plus": "+", "minus": "-", "times": "*", "per": "/", "percent": "%"}
_SPELLINGS = str.maketrans({"×": "*", "÷": "/", "·": "*", "−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})  # noqa: RUF001
_EXPONENT = r"(?:[eE][+-]?\d+)?(?![\w.])"
_TAIL = rf"(?:\.\d+)?(?:{_EXPONENT}|(?=[^\W\d]))"
_PLAIN = rf"\d+{_TAIL}|\.\d+(?:{_EXPONENT}|(?=[^\W\d]))"
_GROUPED = rf"\d{{1,3}}(?:,\d{{3}})+(?![\d,]*\d){_TAIL}"
_REST = r"(?P<name>°?[^\W\d]\w*|°)|(?P<op>\*\*|//|[-+*/%^(),])"
_DATE = r"(?P<date>\d{4}-\d{2}-\d{2})(?![\w-])"
_OUTSIDE = re.compile(rf"{_DATE}|(?P<number>{_GROUPED}|{_PLAIN})|{_REST}")
_IN_CALL = re.compile(rf"{_DATE}|(?P<number>{_PLAIN})|{_REST}")


@dataclass(frozen=True, slots=True)
class Token:
    """``spaced`` tells whether a space stands before it. ``value`` is set for numbers and dates."""

    kind: Literal["number", "date", "name", "op", "end"]
    text: str
    spaced: bool
    value: Fraction | date | None = None


def tokenize(text: str) -> list[Token]:
    """The tokens of an expression, the last one of kind ``end``. Raises ``ToolError``.

    A comma between digits groups thousands, except between the parentheses of a function, where it parts arguments.
    """
    if len(text) > MAX_CHARS:
        raise ToolError(f"The expression has {len(text)} characters; at most {MAX_CHARS} can be calculated at once.")
    text = text.translate(_SPELLINGS).strip().rstrip("=? ").rstrip()
    tokens: list[Token] = []
    calls: list[bool] = []
    at = 0
    while at < len(text):
        start = at + len(text[at:]) - len(text[at:].lstrip())
        in_call = bool(calls) and calls[-1]
        match = (_IN_CALL if in_call else _OUTSIDE).match(text, start)
        if match is None:
            raise ToolError(f"`{_word(text, start)}` is not understood in `{text}`.")
        if match[0] == "(":
            calls.append(bool(tokens) and tokens[-1].kind == "name" and tokens[-1].text not in WORDS)
        elif match[0] == ")" and calls:
            calls.pop()
        tokens.append(_token(match, spaced=start > at or start == 0))
        at = match.end()
    return [*tokens, Token("end", "the end", spaced=True)]


def _word(text: str, start: int) -> str:
    match = re.compile(r"[\w.,]+|.").match(text, start)
    return match[0] if match else text[start]


def _token(match: re.Match[str], *, spaced: bool) -> Token:
    text = match[0]
    if match["date"]:
        return Token("date", text, spaced, _date(text))
    if match["number"]:
        return Token("number", text, spaced, _number(text))
    if match["name"]:
        op = _SPELLED_OUT.get(text.lower())
        return Token("op", op, spaced) if op else Token("name", text, spaced)
    return Token("op", "**" if text == "^" else text, spaced)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ToolError(f"{text} is not a date of the calendar.") from None


def _number(text: str) -> Fraction:
    _, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > _MAX_EXPONENT:
        raise ToolError(f"{text} is out of range; exponents go from -{_MAX_EXPONENT} to {_MAX_EXPONENT}.")
    return Fraction(text.replace(",", ""))
