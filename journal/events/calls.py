"""Tool calls, people's word on them, and what the guard found."""

import operator
from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from journal.events.envelope import EventData
from journal.values import CallUnderApproval, ToolHints, ToolResult
from trust.labels import Label


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
    only: tuple[str, ...] = ()
    """With ``approve``: the ids of the calls that it is for, and the others are denied; none: it is for all."""
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
