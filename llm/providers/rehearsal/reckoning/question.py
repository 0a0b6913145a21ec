"""A question as the ways of answering it see it, and what they may use."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.reckoning.target import find_givens


class Means(Protocol):
    """What working things out needs from outside."""

    def calculate(self, expression: str) -> str:
        """The value of an expression, as the calculator writes it."""

    def today(self) -> date:
        """Today's date."""


@dataclass(frozen=True, slots=True)
class Question:
    """``text`` is the ask's own words, ``lead`` the condition it stands under. ``statements`` are what else the person said,
    ``earlier`` the questions before it."""

    text: str
    lead: str = ""
    statements: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        return f"{self.lead} {self.text}".strip()

    @property
    def told(self) -> str:
        """All that the person says about it."""
        return " ".join((*self.statements, self.full))

    @property
    def context(self) -> str:
        """What may break a tie between two passages."""
        return " ".join((*self.earlier[-2:], *self.statements))

    @property
    def givens(self) -> list[Quantity]:
        return find_givens(self.told)
