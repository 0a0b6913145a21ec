"""Rules for one argument, as an operator writes them.

``recipient in user_mentioned or contacts``, ``amount <= 500 else deny``.
"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from trust.words import mentions

USER_MENTIONED = "user_mentioned"
CONFIRMED = "confirmed"
BUILT_IN = (USER_MENTIONED, CONFIRMED)
"""``user_mentioned``: the person's own words contain the value whole. ``confirmed``: a trusted tool of the task gave it."""

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_IN = re.compile(rf"({_NAME}) in ({_NAME}(?: or {_NAME})*)(?: else (deny|ask))?")
_AT_MOST = re.compile(rf"({_NAME}) <= ([0-9]+(?:\.[0-9]+)?)(?: else (deny|ask))?")
_ADDRESS_PART = re.compile(r"[^\s@,;<>\"]+")


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules may hold a value against: the person's words, what trusted tools returned, and the operator's lists."""

    words: tuple[str, ...] = ()
    confirmed: Set[str] = frozenset()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArgRule:
    """``arg`` is an argument's name or a class. A value outside ``sets``, or above ``most``, asks or is denied."""

    text: str
    arg: str
    sets: tuple[str, ...] = ()
    most: float | None = None
    otherwise: Literal["ask", "deny"] = "ask"

    def holds(self, value: Any, known: Known) -> bool:
        """Of a list every item must be in one of the sets."""
        if self.most is not None:
            return isinstance(value, int | float) and not isinstance(value, bool) and value <= self.most
        values = value if isinstance(value, list) else [value]
        return bool(values) and all(any(_is_in(item, name, known) for name in self.sets) for item in values)


def parse_rule(text: str) -> ArgRule:
    """Raises ``ValueError`` that says how a rule is written."""
    said = " ".join(text.split())
    if found := _IN.fullmatch(said):
        return ArgRule(said, found[1], sets=tuple(found[2].split(" or ")), otherwise=_word(found[3]))
    if found := _AT_MOST.fullmatch(said):
        return ArgRule(said, found[1], most=float(found[2]), otherwise=_word(found[3]))
    raise ValueError(
        f"the rule {text!r} cannot be read: write `ARGUMENT in LIST or LIST` or `ARGUMENT <= NUMBER`, "
        "with `else deny` behind it where the call shall not even be asked about"
    )


def _word(said: str | None) -> Literal["ask", "deny"]:
    return "deny" if said == "deny" else "ask"


def _is_in(value: Any, name: str, known: Known) -> bool:
    if name == USER_MENTIONED:
        return mentions(known.words, value)
    if name == CONFIRMED:
        return isinstance(value, str) and value in known.confirmed
    return isinstance(value, str | int | float) and _listed(str(value), known.lists[name])


def _listed(value: str, entries: Iterable[str]) -> bool:
    """A list's entry is a whole value, or ``*@domain`` for one address of that domain."""
    for entry in entries:
        if entry.startswith("*@"):
            name, at, domain = value.partition("@")
            if at and domain.lower() == entry[2:].lower() and _ADDRESS_PART.fullmatch(name):
                return True
        elif value == entry:
            return True
    return False
