"""The public documents of schedules."""

from collections.abc import Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from agents.requests import BudgetRequest
from agents.scheduling.deciding import next_fires, standing
from agents.scheduling.records import Fire, FireState, ScheduleRecord
from agents.scheduling.requests import CatchUp, Overlap
from journal.values import Value

_SHOWN_FIRES = 5


class ComingFire(Value):
    """A fire to come, in UTC and as the clock on the wall shows it there."""

    at: datetime
    local: datetime

    @classmethod
    def of(cls, at: datetime, timezone: str) -> "ComingFire":
        return cls(at=at, local=at.astimezone(ZoneInfo(timezone)))


class ScheduleDocument(Value):
    """When which task is submitted, and how that goes.

    ``status`` is ``active``, ``paused``, ``resting`` (its agent is gone, or its tasks failed) or ``ended``, and ``why`` says
    more. ``declared``: it is in the configuration file. ``warnings`` tell of changes of the clock that matter to it in the
    coming year. ``running`` are ids of its tasks under way, ``queued`` counts fires that wait for them.
    """

    id: str
    name: str
    status: str
    why: str
    declared: bool
    cron: str | None
    timezone: str
    start_at: datetime | None
    overlap: Overlap
    catch_up: CatchUp
    catch_up_limit: int
    jitter_seconds: int
    goal: str
    agent: str
    planner: str | None
    thread_id: str | None
    tools: list[str] | None
    models: list[str] | None
    budget: BudgetRequest
    context: str
    namespaces: list[str] | None
    output_schema: dict[str, JsonValue] | None
    metadata: dict[str, JsonValue]
    next_fires: tuple[ComingFire, ...]
    warnings: tuple[str, ...]
    failures: int
    rests_until: datetime | None
    running: tuple[str, ...]
    queued: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: ScheduleRecord, agents: Collection[str]) -> "ScheduleDocument":
        now, request = datetime.now(UTC), record.request
        status, why = standing(record, agents, now)
        cron = request.recurring
        return cls(
            id=record.id,
            status=status,
            why=why,
            declared=record.declared,
            next_fires=tuple(ComingFire.of(at, request.timezone) for at in next_fires(record, _SHOWN_FIRES)),
            warnings=() if cron is None or record.next_at is None else tuple(cron.warnings(now)),
            failures=record.failures,
            rests_until=record.rests_until,
            running=record.running,
            queued=len(record.queued),
            created_at=record.created_at,
            updated_at=record.updated_at,
            **{name: getattr(request, name) for name in type(request).model_fields},
        )


class ScheduleList(Value):
    """By name."""

    schedules: tuple[ScheduleDocument, ...]


class FireDocument(Value):
    """What became of one fire, when, and why."""

    fire_at: datetime
    state: FireState
    at: datetime
    task_id: str | None
    why: str

    @classmethod
    def of(cls, fire: Fire) -> "FireDocument":
        return cls(fire_at=fire.fire_at, state=fire.state, at=fire.at, task_id=fire.task_id, why=fire.why)


class FireList(Value):
    fires: tuple[FireDocument, ...]
