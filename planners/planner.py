"""What a planner is, and the moves it may choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from journal.call_state import CallState
from journal.events import EventData
from journal.plans import Delegate
from journal.projection import TaskState
from journal.values import Message, Outcome
from llm.settings import Price
from llm.types import Prompt, ToolOffer
from tools.types import Tool
from trust.labels import Label


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a model of ``role``. ``added`` goes to the end of the prompt first: words no other event holds.

    ``offers`` are the tools shown; ``None``: the task's own. A call for a ``step`` of a plan has a ``prompt`` of its own,
    made from the journal, and nothing of it enters the task's conversation; ``max_output_tokens`` may bound it further.
    A ``step`` without a ``prompt`` is an aside: the task's conversation goes on only for this call, with ``again`` from before
    its last answer.
    """

    role: str
    added: tuple[Message, ...] = ()
    offers: tuple[ToolOffer, ...] | None = None
    step: str = ""
    prompt: Prompt | None = None
    max_output_tokens: int | None = None
    schema: dict[str, Any] | None = None
    """The form of the answer, where ``offers`` are given; else it is the task's own."""
    tool_choice: str = "auto"
    again: bool = False
    technique: str = ""
    """The technique that asks."""


@dataclass(frozen=True, slots=True)
class Act:
    """Run these calls; those that do not depend on each other run at once."""

    calls: tuple[CallState, ...]


@dataclass(frozen=True, slots=True)
class Delegation:
    """A child task for a step of a plan. ``label`` is the label of its context."""

    step: str
    order: Delegate
    context: str
    label: Label


@dataclass(frozen=True, slots=True)
class Run:
    """All that should be under way now; what is not is started, and with each end the planner is asked again.

    ``ahead`` are calls that cannot run yet but whose arguments are known, so that a person may be asked for all at once.
    """

    calls: tuple[CallState, ...] = ()
    asks: tuple[Ask, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    ahead: tuple[CallState, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Write these events: what follows from the journal alone."""

    events: tuple[EventData, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The goal is met. ``output`` is the answer's value, where the task asks for JSON of a schema. ``label`` is the answer's;
    ``None``: that of all the task has read.

    ``question`` would have a model give the answer once more, for who weighs several; ``None``: no model put it into words.
    ``votes`` are those of the samples that were weighed.
    """

    answer: str
    output: Any = None
    label: Label | None = None
    question: Ask | None = None
    votes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The goal cannot be met; ``why`` is told to the person."""

    outcome: Outcome
    why: str
    answer: str | None = None


Move = Ask | Act | Run | Record | Finish | GiveUp


@dataclass(frozen=True, slots=True)
class Means:
    """What a planner may plan with: the task's tools by name, and the dearest price of each role's models.

    ``can_plan``: the models asked for plans are able to write one. ``unapproved`` are the tools whose descriptions nobody has
    approved: no word of them belongs into the context a plan is made in.
    """

    tools: Mapping[str, Tool] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    can_plan: bool = True
    can_delegate: bool = False
    unapproved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a task starts with: the system message, and where it was left to ``auto``, the planner it chose and why."""

    instructions: str
    prompt_version: str
    planner: str = ""
    why: str = ""
    techniques: dict[str, str] = field(default_factory=dict)


class Planner(Protocol):
    """Chooses the next move from the journal's fold alone, so a resumed task decides as an unbroken one would."""

    name: str
    prompt_version: str

    def instructions(self, profile: str) -> str:
        """The system message, made once for each task from the agent profile's own instructions."""

    def next(self, state: TaskState) -> Move:
        """The next move."""
