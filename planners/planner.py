"""What a planner is, and the moves it may choose."""

from dataclasses import dataclass
from typing import Any, Protocol

from journal.projection import CallState, TaskState
from journal.values import Message, Outcome


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a model of ``role``. ``added`` goes to the end of the prompt first: words no other event holds."""

    role: str
    added: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Run these calls; those that do not depend on each other run at once."""

    calls: tuple[CallState, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The goal is met. ``output`` is the answer's value, where the task asks for JSON of a schema."""

    answer: str
    output: Any = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The goal cannot be met; ``why`` is told to the person."""

    outcome: Outcome
    why: str
    answer: str | None = None


class Planner(Protocol):
    """Chooses the next move from the journal's fold alone, so a resumed task decides as an unbroken one would."""

    name: str
    prompt_version: str

    def instructions(self, profile: str) -> str:
        """The system message, made once for each task from the agent profile's own instructions."""

    def next(self, state: TaskState) -> Ask | Act | Finish | GiveUp:
        """The next move."""
