"""The task table's columns made from a ``TaskRecord``, and back, exactly."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import JsonValue

from journal.codec import from_micros, to_micros
from journal.records import TaskRecord
from journal.values import Budget, Outcome, Problem, SourceRef, Status, Usage, Value, Waiting
from trust.labels import Label

USAGE = tuple(Usage.model_fields)
PROGRESS = ("last_seq", *USAGE)
"""Columns that change with every commit, in the order of ``progress``."""

STANDING = ("status", "outcome", "waiting_reason", "due_at", "started_at", "ended_at")
"""Columns that change a few times in a task's life."""


class Standing(NamedTuple):
    """The values of ``STANDING``, and the JSON of what came out so far."""

    columns: tuple[Any, ...]
    result: str


class _Request(Value):
    """What was asked: written once."""

    goal: str
    planner: str
    forked_from: str | None
    budget: Budget
    metadata: dict[str, JsonValue]


class _Result(Value):
    """What came out so far, and why the task rests."""

    answer: str | None
    output: JsonValue
    sources: tuple[SourceRef, ...]
    label: Label | None
    error: Problem | None
    waiting: Waiting | None
    left_out: bool = False


def progress(record: TaskRecord) -> tuple[Any, ...]:
    """The values of ``PROGRESS``."""
    u = record.usage
    return (
        record.last_seq,
        u.steps,
        u.model_calls,
        u.tool_calls,
        u.input_tokens,
        u.cached_input_tokens,
        u.output_tokens,
        u.cost_usd,
    )


def standing_key(record: TaskRecord) -> tuple[Any, ...]:
    """Equal for two records of one task whose ``standing`` is equal."""
    r = record
    return (
        r.status,
        r.outcome,
        r.waiting,
        r.started_at,
        r.ended_at,
        r.answer,
        r.output,
        r.sources,
        r.label,
        r.error,
        r.left_out,
    )


def standing(record: TaskRecord, now: int) -> Standing:
    """What changes a few times in a task's life; ``now`` is when a task that goes on became due."""
    waiting = record.waiting
    columns = (
        record.status.value,
        record.outcome and record.outcome.value,
        waiting and waiting.reason.value,
        _due_at(record, now),
        record.started_at and to_micros(record.started_at),
        record.ended_at and to_micros(record.ended_at),
    )
    came_out = _Result.model_construct(**{name: getattr(record, name) for name in _Result.model_fields})
    return Standing(columns, came_out.model_dump_json())


def _due_at(record: TaskRecord, now: int) -> int | None:
    if record.status.ended:
        return None
    if record.waiting is not None:
        return to_micros(record.waiting.wake_at) if record.waiting.wake_at else None
    return now


def fixed(record: TaskRecord) -> dict[str, Any]:
    """The columns that never change."""
    return {
        "public_id": record.id,
        "tenant": record.tenant,
        "agent": record.agent,
        "thread_id": record.thread_id,
        "parent_id": record.parent_id,
        "created_at": to_micros(record.created_at),
        "priority": record.priority,
    }


def request(record: TaskRecord) -> str:
    """The JSON of what was asked."""
    return _Request.model_construct(**{name: getattr(record, name) for name in _Request.model_fields}).model_dump_json()


def to_record(row: Mapping[Any, Any]) -> TaskRecord:
    """The record that a joined row of ``tasks`` and ``task_documents`` was made from."""
    asked = _Request.model_validate_json(row["request"])
    came_out = _Result.model_validate_json(row["result"])
    return TaskRecord.model_construct(
        id=row["public_id"],
        tenant=row["tenant"],
        status=Status(row["status"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        agent=row["agent"],
        thread_id=row["thread_id"],
        parent_id=row["parent_id"],
        usage=Usage.model_construct(**{name: row[name] for name in USAGE}),
        last_seq=row["last_seq"],
        priority=row["priority"],
        created_at=from_micros(row["created_at"]),
        started_at=_moment(row["started_at"]),
        ended_at=_moment(row["ended_at"]),
        **_fields(asked),
        **_fields(came_out),
    )


def _fields(value: Value) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}


def _moment(micros: int | None) -> Any:
    return None if micros is None else from_micros(micros)
