"""Schedules and their fires as they are kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agents.scheduling.requests import ScheduleRequest
from journal.errors import Conflict
from journal.values import Status


class FireState(StrEnum):
    """What became of one fire."""

    QUEUED = "queued"
    """It waits for the task of an earlier one."""
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    """An earlier task was under way, or the schedule rested."""
    MISSED = "missed"
    """Nothing ran when it was due, and it was not made good."""
    REFUSED = "refused"
    """Its task could not be submitted."""


@dataclass(frozen=True, slots=True)
class Fire:
    """One fire. ``fire_at`` is its time by the cron, ``at`` when this became of it; ``ended`` is how its task ended."""

    fire_at: datetime
    state: FireState
    at: datetime
    task_id: str | None = None
    why: str = ""
    ended: Status | None = None

    @property
    def is_open(self) -> bool:
        """Its task is to come, or under way as far as the schedule knows."""
        return self.state in (FireState.QUEUED, FireState.SUBMITTED)


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """One schedule, with its open fires, oldest first. ``due_at`` is when to look at it: ``next_at`` and its jitter, or later.

    ``failures`` counts fires in a row whose task failed or was refused; after one it rests until ``rests_until``.
    """

    id: str
    tenant: str
    declared: bool
    request: ScheduleRequest
    created_at: datetime
    updated_at: datetime
    paused: bool = False
    revision: int = 0
    next_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0
    rests_until: datetime | None = None
    open: tuple[Fire, ...] = ()

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def queued(self) -> tuple[Fire, ...]:
        return tuple(fire for fire in self.open if fire.state is FireState.QUEUED)

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of tasks under way."""
        return tuple(f.task_id for f in self.open if f.task_id and f.state is FireState.SUBMITTED and f.ended is None)

    @property
    def ended(self) -> tuple[Fire, ...]:
        """Fires whose task has ended, which the schedule has not taken in yet."""
        return tuple(fire for fire in self.open if fire.ended is not None)


class Overtaken(Conflict):
    """Somebody else has changed the schedule meanwhile; nothing was written."""


class AlreadyFired(Conflict):
    """There is this fire already; nothing was written."""
