"""Every kind of event a journal holds.

An event is frozen once written. To change a kind, raise its ``schema_version`` and add an upcast from
the old one in ``journal/codec.py``; journals of every released version stay readable.
"""

import operator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from journal.plans import Answer, Plan, Step
from journal.techniques import Techniques
from journal.values import (
    ATTACHMENTS,
    Budget,
    CallUnderApproval,
    Grant,
    Message,
    Opaque,
    Outcome,
    Problem,
    Reservation,
    SourceRef,
    TaskServer,
    TokenUsage,
    ToolCall,
    ToolHints,
    ToolResult,
    Usage,
    Value,
    WaitingReason,
)
from trust.labels import USER, Label


def _is_empty(value: object) -> bool:
    """For fields that a kind written whole got later: left out while empty, so that older lines stay as they are."""
    return not value


class EventData(Value):
    """The payload of one event kind."""

    kind: ClassVar[str]
    schema_version: ClassVar[int] = 1
    whole: ClassVar[bool] = False
    """Stored with the fields that hold their defaults, because those defaults may change from release to release."""

    def public(self) -> "EventData":
        """What the API shows of it."""
        return self


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a journal: the envelope around its data. ``seq`` counts from 1 without gaps."""

    seq: int
    at: datetime
    epoch: int
    data: EventData
    intent_key: str | None = None

    @property
    def kind(self) -> str:
        return self.data.was if isinstance(self.data, Forgotten) else self.data.kind


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
    output_schema: dict[str, JsonValue] | None = Field(None, exclude_if=_is_empty)
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
    grants: tuple[Grant, ...] = Field((), exclude_if=_is_empty)
    words: tuple[str, ...] = Field((), exclude_if=_is_empty)
    """Of a child task: the person's own words, which its goal, a plan's, is not."""
    under: tuple[str, ...] = Field((), exclude_if=_is_empty)
    """Of a child task: the agents above it, whose policies hold too."""
    techniques: Techniques = Field(Techniques(), exclude_if=_is_empty)

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


class LlmRequested(EventData):
    """A model is about to be asked; the reservation is its worst case.

    ``added`` holds only messages that no other event holds (instructions, notes, repairs): the prompt is
    rebuilt from the journal, so each message is stored once. ``tools_digest`` pins the offered tools. With role
    ``summarize`` the prompt is a rendering of the events that the ``context.compacted`` behind it covers.
    """

    kind = "llm.requested"

    model: str
    role: str
    reserved: Reservation
    added: tuple[Message, ...] = ()
    tools_digest: str = ""
    attempt: int = 1
    step: str = ""
    """The step of a plan that asks, in a conversation of its own, or what an aside is for; empty: the task itself."""
    technique: str = ""
    """The technique that this call belongs to."""


class LlmCompleted(EventData):
    """A model answered; settles the open reservation. ``seconds`` is wall time of the call.

    With role ``summarize`` the answer stands in the ``context.compacted`` behind it, not here.
    """

    kind = "llm.completed"

    model: str
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: TokenUsage
    cost_usd: float
    finish_reason: str
    response_id: str | None = None
    seconds: float
    role: str = "act"
    opaque: Opaque | None = None
    step: str = ""


class LlmFailed(EventData):
    """A model call failed.

    ``spent``: it may have been billed, so its reservation counts as spent. ``again``: the same model may be asked again at
    once. ``transient``: the cause may pass with time, at ``retry_at`` if the API said when.
    """

    kind = "llm.failed"

    model: str
    error: str
    detail: str
    spent: bool
    again: bool = False
    transient: bool = False
    retry_at: datetime | None = None
    step: str = ""


class ContextCompacted(EventData):
    """The conversation outgrew the model's window: a summary stands in place of the events up to ``upto_seq``.

    What came behind them (``kept`` messages) is sent as it was. ``summary`` was written by a model, or where none could
    (``by`` is ``structure``) put together from the calls and how their results begin. ``reason``: ``window`` (the next
    prompt would not fit) or ``refused`` (the API said it does not).
    """

    kind = "context.compacted"

    upto_seq: int
    summary: str
    kept: int
    reason: Literal["window", "refused"]
    by: str
    label: Label


class ToolRequested(EventData):
    """The intent of an effect, journaled before it is sent. ``effect`` is its class, ``occurrence`` counts from 0."""

    kind = "tool.requested"

    call_id: str
    tool: str
    version: str
    args: dict[str, JsonValue]
    hints: ToolHints
    occurrence: int
    attempt: int = 1
    approval_id: str | None = None


class ToolCompleted(EventData):
    """A call returned. ``shown`` is set where the model sees a preview of ``result.content`` and a handle to read on."""

    kind = "tool.completed"

    call_id: str
    tool: str
    result: ToolResult
    seconds: float = 0.0
    shown: str | None = None


class ToolFailed(EventData):
    """A call did not do its work, and this is known; ``message`` is for the model."""

    kind = "tool.failed"

    call_id: str
    tool: str
    error: str
    message: str
    label: Label
    seconds: float = 0.0


class ToolInDoubt(EventData):
    """It is not known whether an effect happened; the task waits for a person."""

    kind = "tool.in_doubt"

    call_id: str
    tool: str
    why: str


class ToolReconciled(EventData):
    """An effect in doubt was settled, by the tool itself or by a person.

    ``happened`` is followed by ``tool.completed``, ``skipped`` by ``tool.failed``; after ``not_happened`` the call
    is sent again under the next ``attempt``.
    """

    kind = "tool.reconciled"

    call_id: str
    tool: str
    verdict: Literal["happened", "not_happened", "skipped"]
    by: str


class ApprovalRequested(EventData):
    """A person is asked about calls. ``plan_version`` is that of the plan they belong to, 0 for calls of no plan."""

    kind = "approval.requested"

    approval_id: str
    digest: str
    expires_at: datetime
    calls: tuple[CallUnderApproval, ...]
    escalates_at: datetime | None = Field(None, exclude_if=operator.not_)
    """When others are told that nobody has decided yet."""
    plan_version: int = 0


class ApprovalEscalated(EventData):
    """Nobody decided in time; others were told. The approval waits on until it expires."""

    kind = "approval.escalated"

    approval_id: str


class ApprovalDecided(EventData):
    """A person's word, or its absence (``expired``, ``void``)."""

    kind = "approval.decided"

    approval_id: str
    decision: Literal["approve", "deny", "edit", "expired", "void"]
    by: str
    note: str = ""
    edited: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """With ``edit``: call id to the arguments the person approved instead."""
    scope: Literal["once", "task"] = "once"
    """``task``: later calls of the task like these ones are approved with them."""


class GuardFlagged(EventData):
    """The guard found something. It is never shown to a model, and lets nothing through that would not pass without it.

    ``detector`` names who found it, ``where`` what was looked at (``goal``, ``answer``, ``result of TOOL``, ``error of TOOL``,
    ``arguments of TOOL``) and ``field`` the part of it. ``action``: ``flagged`` (noted only), ``stripped``, ``withheld`` from
    the model, ``stopped`` (the call was not made), ``refused``, or ``unchecked`` (the detector could not look). ``score`` is
    in [0, 1].
    """

    kind = "guard.flagged"

    detector: str
    action: Literal["flagged", "stripped", "withheld", "stopped", "refused", "unchecked"]
    where: str
    field: str = ""
    call_id: str | None = None
    score: float | None = None
    why: str = ""
    excerpt: str = ""


class MessageReceived(EventData):
    """A person said something to a running or waiting task; ``call_id`` names the question it answers."""

    kind = "message.received"

    text: str
    by: str
    call_id: str | None = None
    label: Label = USER


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


class Forgotten(EventData):
    """What stands in place of forgotten data: keeps seq, kind and the digest of what was there."""

    kind = "forgotten"

    was: str
    digest: str
