"""What a webhook and a delivery are, and which events are told of."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from journal import events as ev
from journal.events import Event
from journal.records import TaskRecord
from journal.values import Value, WaitingReason

WebhookEvent = Literal["task.completed", "task.failed", "task.canceled", "task.rejected", "task.waiting", "approval.escalated"]
"""What is told of: every end of a task, a wait for a person (approval, input or a call in doubt), and an approval that nobody
has decided in time."""

EVENTS: tuple[str, ...] = get_args(WebhookEvent)

_TOLD_WAITS = (WaitingReason.APPROVAL, WaitingReason.INPUT, WaitingReason.IN_DOUBT)
_NOT_TOLD = {"tenant", "label", "left_out"}


class Webhook(Value):
    """An address that is told of events. ``task_id`` of ``None``: of all the tenant's tasks; no ``events``: all kinds."""

    id: str
    url: str
    events: tuple[str, ...] = ()
    task_id: str | None = None
    enabled: bool = True
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    created_at: datetime


class NewWebhook(Webhook):
    """A webhook with a secret just made; ``secret`` is shown this once."""

    secret: str


class Attempt(Value):
    """One try to deliver. ``status`` is the receiver's HTTP status; without one, ``error`` says what went wrong."""

    at: datetime
    status: int | None = None
    error: str | None = None
    seconds: float


class Delivery(Value):
    """A message to a webhook; ``id`` is its ``webhook-id``, the same at every attempt."""

    id: str
    webhook_id: str
    task_id: str
    seq: int
    event: str
    status: Literal["pending", "delivered", "failed"]
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: datetime | None = None
    created_at: datetime
    body: str = Field(repr=False)


def told_of(record: TaskRecord, events: Sequence[Event]) -> list[Event]:
    """Those of these events that webhooks are told of; ``record`` is the task as of the last of them. Of a wait only where
    the task still rests, and once."""
    told = [event for event in events if isinstance(event.data, ev.ApprovalEscalated)]
    last = next((event for event in reversed(events) if _is_end(record, event) or _is_wait(record, event)), None)
    return told if last is None else [*told, last]


def _is_end(record: TaskRecord, event: Event) -> bool:
    return record.status.ended and event.kind in EVENTS


def _is_wait(record: TaskRecord, event: Event) -> bool:
    return isinstance(event.data, ev.TaskWaiting) and record.waiting is not None and record.waiting.reason in _TOLD_WAITS


def message(record: TaskRecord, event: Event) -> str:
    """The body of a delivery: ``{type, timestamp, data}``, with the Task document as ``data``; for an escalation, with its
    ``approval_id``."""
    data = record.model_dump(mode="json", exclude=_NOT_TOLD)
    if isinstance(event.data, ev.ApprovalEscalated):
        data["approval_id"] = event.data.approval_id
    return json.dumps({"type": event.kind, "timestamp": event.at.isoformat(), "data": data}, ensure_ascii=False)
