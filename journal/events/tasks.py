"""How a task begins, rests and ends, and what people send it."""

import operator
from datetime import datetime

from pydantic import Field, JsonValue

from journal.events.envelope import EventData, is_empty
from journal.techniques import Techniques
from journal.values import ATTACHMENTS, Budget, Grant, Message, Outcome, Problem, SourceRef, TaskServer, WaitingReason
from trust.labels import USER, Label


class TaskSubmitted(EventData):
    """Somebody gave a goal. ``namespaces`` are the memory namespaces that recall may search; none: all."""

    kind = "task.submitted"
    whole = True

    goal: str
    agent: str
    planner: str
    budget: Budget
    tools: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    thread_id: str | None = None
    parent_id: str | None = None
    forked_from: str | None = None
    namespaces: tuple[str, ...] | None = None
    mcp_servers: tuple[TaskServer, ...] = ()
    context: str = ""
    output_schema: dict[str, JsonValue] | None = Field(None, exclude_if=is_empty)
    """The JSON Schema that the answer has to hold."""
    priority: int = Field(0, exclude_if=operator.not_)
    """Among the tenant's tasks; higher ones come first."""
    history: tuple[Message, ...] = ()
    """Goals and answers of the thread's earlier tasks, as they stood when this one was submitted."""
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    submitted_by: str = "user"
    on_behalf_of: str = Field("", exclude_if=operator.not_)
    """For a child task: the person who submitted the first of its ancestors."""
    label: Label = USER
    plan_only: bool = Field(False, exclude_if=operator.not_)
    """Make the plan, and let a person look at it before it runs."""
    grants: tuple[Grant, ...] = Field((), exclude_if=is_empty)
    revise_from_results: bool = Field(False, exclude_if=operator.not_)
    """Whoever revises a plan is shown what its steps returned; the revised plan carries their labels."""
    words: tuple[str, ...] = Field((), exclude_if=is_empty)
    """Of a child task: the person's own words, which its goal, a plan's, is not."""
    under: tuple[str, ...] = Field((), exclude_if=is_empty)
    """Of a child task: the agents above it, whose policies hold too."""
    techniques: Techniques = Field(Techniques(), exclude_if=is_empty)

    @property
    def owner(self) -> str:
        """The person whose task it is."""
        return self.on_behalf_of or self.submitted_by


class AttachmentReceived(EventData):
    """A file that came with the goal: it lies in the workspace as ``attachments/NAME`` before the task starts.

    ``size`` is in bytes, ``digest`` their SHA-256. The content is here alone, as ``text`` (UTF-8) or ``data_base64``; the
    API leaves it out. ``inline``: it is text so short that the model reads it with the goal.
    """

    kind = "attachment.received"

    name: str
    media_type: str
    size: int
    digest: str
    label: Label
    inline: bool = False
    text: str | None = None
    data_base64: str | None = None

    @property
    def path(self) -> str:
        """Where it lies in the workspace."""
        return f"{ATTACHMENTS}/{self.name}"

    def public(self) -> "AttachmentReceived":
        return self.model_copy(update={"text": None, "data_base64": None})


class TaskStarted(EventData):
    """The first lease was taken. ``instructions`` and ``tools`` are what the agent profile gave at that moment."""

    kind = "task.started"

    worker: str
    instructions: str
    prompt_version: str
    tools: dict[str, str] = Field(default_factory=dict)
    """Tool name to tool version (a digest): what the task may call."""
    planner: str = ""
    """The planner that ``auto`` chose; empty where the task names one itself."""
    why: str = ""
    described: Label | None = None
    """The label of tool descriptions that nobody approved: they are read by who works step by step, not by who plans."""
    techniques: dict[str, str] = Field(default_factory=dict)
    """Each technique that is used, with the version of its prompt; without one where it has none."""


class TaskWaiting(EventData):
    """The task rests; see ``Waiting``."""

    kind = "task.waiting"

    reason: WaitingReason
    wake_at: datetime | None = None
    question: str | None = None
    calls: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    behind: str | None = None
    halted: bool = Field(False, exclude_if=operator.not_)
    """Of ``paused``: everything was stopped, not this task alone."""
    """The task of the same thread that has its turn first."""


class TaskResumed(EventData):
    """The task goes on after a rest."""

    kind = "task.resumed"

    reason: WaitingReason
    by: str
    history: tuple[Message, ...] | None = None
    """For a task that has its turn now: its thread as it stands, in place of what ``task.submitted`` holds."""


class TaskForked(EventData):
    """The events up to here are a copy of another task's up to ``seq``; what follows is this task's own.

    ``idle_seconds`` lie between the last of them and the fork, and no deadline counts them. ``retry``: models and repairs that
    failed before are tried anew.
    """

    kind = "task.forked"

    origin: str
    seq: int
    by: str
    idle_seconds: float = 0.0
    retry: bool = False


class MessageReceived(EventData):
    """A person said something to a running or waiting task; ``call_id`` names the question it answers."""

    kind = "message.received"

    text: str
    by: str
    call_id: str | None = None
    label: Label = USER


class TaskCompleted(EventData):
    """The goal is met."""

    kind = "task.completed"

    answer: str
    output: JsonValue = None
    sources: tuple[SourceRef, ...] = ()
    label: Label
    outcome: Outcome = Outcome.ACHIEVED
    votes: tuple[int, ...] = ()
    """With ``self_consistency``: how many samples gave this answer, and then each other one. Unusable ones have no vote."""


class TaskFailed(EventData):
    """The task ended without meeting its goal; ``answer`` holds what the model last said, if anything."""

    kind = "task.failed"

    outcome: Outcome
    error: Problem
    answer: str | None = None


class TaskCanceled(EventData):
    kind = "task.canceled"

    by: str
    note: str = ""
    outcome: Outcome = Outcome.CANCELED
    left_out: bool = False
    """The task is no part of its thread's history."""


class TaskRejected(EventData):
    """The task was refused before any work."""

    kind = "task.rejected"

    outcome: Outcome
    error: Problem
