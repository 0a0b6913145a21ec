"""Plans and their steps."""

from pydantic import JsonValue

from journal.events.envelope import EventData
from journal.plans import Answer, Plan, Step
from journal.values import Budget, Usage
from trust.labels import Label


class PlannerChanged(EventData):
    """The ``auto`` planner hands over; ``instructions`` are what the model is told, if anything. Who goes on step by step is
    shown what the plan's steps returned so far."""

    kind = "planner.changed"

    planner: str
    prompt_version: str
    why: str
    instructions: str = ""


class PlanCreated(EventData):
    """A plan was made and found able to run. ``call_id`` is the model's call that brought it.

    ``label`` is that of its own words: a plan made in a trusted context is trusted. ``cost_usd`` is its worst case.
    """

    kind = "plan.created"

    plan: Plan
    prompt_version: str
    label: Label
    cost_usd: float = 0.0
    call_id: str | None = None


class PlanRevised(EventData):
    """``steps`` take the place of those in ``dropped``; all others, and what they did, stay. Without ``answer`` the old one
    stands. ``by`` is ``planner`` or the person who edited the plan."""

    kind = "plan.revised"

    steps: tuple[Step, ...] = ()
    dropped: tuple[str, ...] = ()
    answer: Answer | None = None
    why: str = ""
    by: str = "planner"
    call_id: str | None = None


class StepCompleted(EventData):
    """A step without a tool call of its own has its value: an extraction, a child task (with what it used), or, with
    ``items``, a ``for_each`` whose so many items all ended (their results are not stored again)."""

    kind = "step.completed"

    step_id: str
    value: JsonValue = None
    items: int | None = None
    label: Label
    usage: Usage | None = None
    same_as: int | None = None
    """The event that holds the result already: a step that was revised away made the very same effect happen."""


class StepFailed(EventData):
    """A step ended without a value; ``error`` names the kind, ``message`` is for people."""

    kind = "step.failed"

    step_id: str
    error: str
    message: str = ""
    label: Label
    usage: Usage | None = None


class StepSkipped(EventData):
    """A step does not run: its condition is false, or a step it needs was skipped."""

    kind = "step.skipped"

    step_id: str
    why: str


class StepDelegated(EventData):
    """A child task was submitted for a step."""

    kind = "step.delegated"

    step_id: str
    task_id: str
    budget: Budget
