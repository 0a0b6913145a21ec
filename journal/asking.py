"""Model calls under way, and what names them."""

from dataclasses import dataclass, field

from journal import events as ev
from journal.values import Reservation

SUMMARIZE = "summarize"
"""The role of calls that write summaries: they are no turns."""

GUARD = "guard:"
"""How the steps are called under which the guard asks models: in conversations of their own, whatever the planner."""

TOO_LONG = "ContextTooLong"
"""What ``llm.failed`` calls a prompt that does not fit the model's window."""


@dataclass(slots=True)
class OpenRequest:
    """A model call that was sent and has no recorded end."""

    seq: int
    model: str
    reserved: Reservation
    role: str = "act"


@dataclass(slots=True)
class Asking:
    """The model calls for one step: a conversation of its own."""

    open: OpenRequest | None = None
    asked: int = 0
    """Requests sent since the last one that was answered."""
    failures: list[ev.LlmFailed] = field(default_factory=list)
    answers: list[ev.LlmCompleted] = field(default_factory=list)
