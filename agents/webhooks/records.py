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

WebhookEvent = Literal["task.completed", "task.failed", "task.canceled", "task.rejected", "task.waiting"]
"""What is told of: every end of a task, and a wait for a person (approval, input or a call in doubt)."""

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


def told_of(record: TaskRecord, events: Sequence[Event]) -> tuple[str, Event] | None:
    """The kind that webhooks are told of and its event, if one of these is; ``record`` is the task as of the last of them."""
    for event in reversed(events):
        if record.status.ended and event.kind in EVENTS:
            return event.kind, event
        if isinstance(event.data, ev.TaskWaiting) and record.waiting and record.waiting.reason in _TOLD_WAITS:
            return event.kind, event
    return None


def message(record: TaskRecord, kind: str, event: Event) -> str:
    """The body of a delivery: ``{type, timestamp, data}``, with the Task document as ``data``."""
    data = record.model_dump(mode="json", exclude=_NOT_TOLD)
    return json.dumps({"type": kind, "timestamp": event.at.isoformat(), "data": data}, ensure_ascii=False)
