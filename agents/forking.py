"""A fork: a copy of the beginning of a task's journal, as the first events of a new one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from journal import events as ev
from journal.call_state import CallStage
from journal.errors import InvalidInput
from journal.events import Event, EventData
from journal.projection import TaskState
from journal.values import WaitingReason


def forked(tenant: str, origin: str, events: Sequence[Event], seq: int, by: str) -> list[Event]:
    """The first events of a task that goes on from ``seq`` of ``origin``. Raises ``InvalidInput``."""
    if not 1 <= seq <= len(events):
        raise InvalidInput(
            f"{origin} has the events 1 to {len(events)}; it cannot be forked at {seq}.", hint="Fork from one of these."
        )
    if TaskState.of(tenant, origin, events[:seq]).ended:
        raise InvalidInput(f"{origin} has ended at event {seq}.", hint="Fork from an earlier event.")
    return Copy(tenant, origin, events[:seq], by).events


class Copy:
    """A journal that begins as another did, and its state; ``note`` goes on writing it.

    A person's word was given to the origin: approvals that are not used up are void, and asked for anew.
    """

    def __init__(self, tenant: str, origin: str, prefix: Sequence[Event], by: str, *, retry: bool = False) -> None:
        """Raises ``InvalidInput`` where the origin's goal was forgotten."""
        first = prefix[0]
        if not isinstance(first.data, ev.TaskSubmitted):
            raise InvalidInput(f"{origin} cannot be forked: its first event was forgotten.")
        submitted = first.data.model_copy(update={"forked_from": origin, "submitted_by": by})
        self.events = [replace(event, epoch=0) for event in (replace(first, data=submitted), *prefix[1:])]
        self.state = TaskState.of(tenant, origin, self.events)
        resting = self.state.waiting is not None and self.state.waiting.reason.needs_person
        idle = 0.0 if resting else max(0.0, (datetime.now(UTC) - prefix[-1].at).total_seconds())
        for data in list(_voided(self.state, by)):
            self.note(data)
        self.note(ev.TaskForked(origin=origin, seq=len(prefix), by=by, idle_seconds=idle, retry=retry))

    def note(self, data: EventData) -> None:
        self.events.append(Event(self.state.last_seq + 1, datetime.now(UTC), 0, data))
        self.state.apply(self.events[-1])


def _voided(state: TaskState, by: str) -> Iterator[EventData]:
    note = "The task was forked; the approval stays with its origin."
    unsent = {call.approval_id for call in state.open_calls if call.stage in (CallStage.ASKED, CallStage.APPROVED)}
    for approval in list(state.approvals.values()):
        if approval.id in unsent:
            yield ev.ApprovalDecided(approval_id=approval.id, decision="void", by=by, note=note)
    if state.waiting is not None and state.waiting.reason is WaitingReason.APPROVAL:
        yield ev.TaskResumed(reason=WaitingReason.APPROVAL, by=by)
