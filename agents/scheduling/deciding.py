"""What a schedule does next. Pure: the record and the time in, the next record out."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from agents.scheduling.records import Fire, FireState, ScheduleRecord
from agents.scheduling.requests import MAX_CATCH_UP, ScheduleRequest
from journal.values import Status

GRACE = timedelta(seconds=60)
"""A fire that is this late at most is not missed."""

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(days=1)
LONGEST_QUEUE = 100

_BECAME = {Status.COMPLETED: FireState.COMPLETED, Status.CANCELED: FireState.CANCELED}


@dataclass(frozen=True, slots=True)
class Decision:
    """``fire_at`` is to be submitted now, unless the overlap policy forbids; ``passed`` are fires that will not be. ``after``
    is the schedule once that is done."""

    fire_at: datetime | None
    passed: tuple[Fire, ...]
    after: ScheduleRecord


def due_at(record: ScheduleRecord, fire_at: datetime) -> datetime:
    """``fire_at`` and its jitter, which follows from the schedule and the fire alone: all beats come to the same."""
    spread = record.request.jitter_seconds
    if not spread:
        return fire_at
    drawn = hashlib.sha256(f"{record.id} {fire_at.timestamp()}".encode()).digest()
    return fire_at + timedelta(seconds=int.from_bytes(drawn[:8], "big") / 2**64 * spread)


def going_on(record: ScheduleRecord, next_at: datetime | None) -> ScheduleRecord:
    """The schedule, with ``next_at`` for its next fire."""
    due = None
    if next_at is not None and not record.paused:
        due = max(due_at(record, next_at), record.rests_until or next_at)
    return replace(record, next_at=next_at, due_at=due)


def first_fire(request: ScheduleRequest, now: datetime) -> datetime | None:
    """The first fire later than ``now``."""
    cron = request.recurring
    if cron is not None:
        return next(cron.after(now), None)
    start_at = request.start_at
    return start_at.astimezone(UTC) if start_at is not None and start_at > now else None


def next_fires(record: ScheduleRecord, count: int) -> list[datetime]:
    """The coming fires, whether or not it is paused."""
    cron = record.request.recurring
    if record.next_at is None:
        return []
    return [record.next_at] if cron is None else [record.next_at, *islice(cron.after(record.next_at), count - 1)]


def decide(record: ScheduleRecord, now: datetime) -> Decision:
    """What to do with a schedule that is due."""
    if record.next_at is None:
        return Decision(None, (), going_on(record, None))
    pending = [fire for fire in _until(record, now) if due_at(record, fire) <= now]
    following = _behind(record, pending[-1]) if pending else record.next_at
    chosen = _chosen(record, pending, now)
    if chosen:
        rest = pending[pending.index(chosen[0]) + 1 :]
        following = rest[0] if rest else following
    fire_at = chosen[0] if chosen else None
    passed = tuple(_passed(record, fire, now) for fire in pending if fire_at is None or fire < fire_at)
    return Decision(fire_at, passed, going_on(replace(record, updated_at=now), following))


def settled(record: ScheduleRecord, now: datetime) -> tuple[ScheduleRecord, tuple[Fire, ...]]:
    """What the ends of its tasks mean for the schedule: after failures in a row it rests, longer each time."""
    fires = []
    for fire in record.ended:
        state = _BECAME.get(fire.ended or Status.FAILED, FireState.FAILED)
        fires.append(replace(fire, state=state, at=now))
        record = judged(record, state, now)
    return going_on(record, record.next_at), tuple(fires)


def judged(record: ScheduleRecord, state: FireState, now: datetime) -> ScheduleRecord:
    """The schedule after one fire that came to this."""
    if state is FireState.COMPLETED:
        return replace(record, failures=0, rests_until=None, updated_at=now)
    if state not in (FireState.FAILED, FireState.REFUSED):
        return record
    rest = min(FIRST_REST * 2 ** min(record.failures, 20), LONGEST_REST)
    return replace(record, failures=record.failures + 1, rests_until=now + rest, updated_at=now)


def standing(record: ScheduleRecord, agents: Collection[str], now: datetime) -> tuple[str, str]:
    """``active``, ``paused``, ``resting`` or ``ended``, and why."""
    if record.next_at is None and not record.open:
        return "ended", "It has fired, and will not again."
    if record.paused:
        return "paused", "Somebody paused it."
    if record.request.agent not in agents:
        return "resting", f"There is no agent named {record.request.agent!r} any more."
    if record.rests_until is not None and record.rests_until > now:
        times = "once" if record.failures == 1 else f"{record.failures} times in a row"
        return "resting", f"Its task failed {times}; it goes on at {record.rests_until:%Y-%m-%d %H:%M:%S} UTC."
    return "active", ""


def _until(record: ScheduleRecord, now: datetime) -> list[datetime]:
    assert record.next_at is not None
    cron = record.request.recurring
    return [record.next_at] if cron is None else cron.latest(record.next_at, now, MAX_CATCH_UP + 1)


def _behind(record: ScheduleRecord, fire: datetime) -> datetime | None:
    cron = record.request.recurring
    return None if cron is None else next(cron.after(fire), None)


def _chosen(record: ScheduleRecord, pending: list[datetime], now: datetime) -> list[datetime]:
    """Those of the pending fires to make: by the catch-up policy; after a rest the last one, to see how it goes."""
    rested = record.rests_until is not None and pending and due_at(record, pending[0]) < record.rests_until
    if rested or record.request.catch_up == "last":
        return pending[-1:]
    if record.request.catch_up == "all":
        return pending[-record.request.catch_up_limit :]
    return [fire for fire in pending if now - due_at(record, fire) <= GRACE]


def _passed(record: ScheduleRecord, fire: datetime, now: datetime) -> Fire:
    if record.rests_until is not None and due_at(record, fire) < record.rests_until:
        return Fire(fire, FireState.SKIPPED, now, why=f"It rested after {record.failures} failures in a row.")
    return Fire(fire, FireState.MISSED, now, why="Nothing ran when it was due.")
