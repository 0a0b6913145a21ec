"""How a task begins, rests and ends, and what people send it."""

from typing import TYPE_CHECKING

from journal import events as ev
from journal.events import Event
from journal.folding.handlers import Handlers
from journal.values import Outcome, SourceRef, Status, Waiting, WaitingReason
from trust.labels import SYSTEM, USER, Trust, join

if TYPE_CHECKING:
    from journal.projection import TaskState


def _started(state: "TaskState", event: Event, data: ev.TaskStarted) -> None:
    state.status, state.started, state.started_at = Status.WORKING, data, event.at
    state.planner = data.planner
    trusted = (m.label for m in state.history if m.label.trust is Trust.TRUSTED)
    state.see(join(state.submitted.label, SYSTEM, *trusted))
    if (data.planner or state.submitted.planner) != "plan":
        state.see_what_plans_do_not()


def _waiting(state: "TaskState", event: Event, data: ev.TaskWaiting) -> None:
    state.count_rest(event)
    state.status = Status.INPUT_REQUIRED if data.reason.needs_person else Status.WORKING
    state.waiting = Waiting(
        reason=data.reason,
        since=event.at,
        wake_at=data.wake_at,
        question=data.question,
        calls=data.calls,
        approvals=data.approvals,
        behind=data.behind,
        halted=data.halted,
    )


def _resumed(state: "TaskState", event: Event, data: ev.TaskResumed) -> None:
    state.count_rest(event)
    if data.reason in (WaitingReason.TIMER, WaitingReason.RATE_LIMIT) and state.started is not None:
        state.failures, state.setbacks = [], state.setbacks + 1
        for asking in (*state.asides.values(), *(state.plan.asking.values() if state.plan else ())):
            asking.failures = []
    if state.plan is not None and data.reason is WaitingReason.PAUSED:
        state.plan.released = True
    if data.history is not None:
        state.history = data.history
    state.status, state.waiting = Status.WORKING, None


def _forked(state: "TaskState", event: Event, data: ev.TaskForked) -> None:
    state.rested_seconds += data.idle_seconds
    if not data.retry:
        return
    state.failures, state.asked_since_completion, state.setbacks, state.shortened = [], 0, 0, False
    state.repairs = state.repairs_in_all = 0
    state.unplanned = 0
    if state.plan is not None:
        state.plan.begin_anew()


def _attachment_received(state: "TaskState", event: Event, data: ev.AttachmentReceived) -> None:
    """A text that the model reads with the goal is a source like one that a tool returned."""
    state.attachments += (data.public(),)
    if data.inline:
        lines = max(len((data.text or "").splitlines()), 1)
        state.sources += (SourceRef(source=data.path, position=f"lines 1-{lines}", label=data.label),)


def _message_received(state: "TaskState", event: Event, data: ev.MessageReceived) -> None:
    state.see(data.label)
    if data.label.sources == USER.sources and data.label.trust is Trust.TRUSTED:
        state.said += (data.text,)
    if data.call_id is None:
        state.heard_since_completion = True
    elif data.call_id in state.calls or (state.plan is not None and state.plan.has(data.call_id)):
        state.call_of(data.call_id, "").reply = data.text


def _completed(state: "TaskState", event: Event, data: ev.TaskCompleted) -> None:
    state.answer, state.output = data.answer, data.output
    state.sources, state.label = data.sources, data.label
    state.end(event, Status.COMPLETED, data.outcome)


def _failed(state: "TaskState", event: Event, data: ev.TaskFailed) -> None:
    state.answer, state.error = data.answer, data.error
    state.end(event, Status.FAILED, data.outcome)


def _canceled(state: "TaskState", event: Event, data: ev.TaskCanceled) -> None:
    state.left_out = data.left_out
    state.end(event, Status.CANCELED, data.outcome)


def _rejected(state: "TaskState", event: Event, data: ev.TaskRejected) -> None:
    state.error = data.error
    state.end(event, Status.REJECTED, data.outcome)


_ENDINGS = {
    ev.TaskCompleted.kind: (Status.COMPLETED, Outcome.ACHIEVED),
    ev.TaskCanceled.kind: (Status.CANCELED, Outcome.CANCELED),
    ev.TaskFailed.kind: (Status.FAILED, None),
    ev.TaskRejected.kind: (Status.REJECTED, None),
}


def _forgotten(state: "TaskState", event: Event, data: ev.Forgotten) -> None:
    """What is still known from the kind alone."""
    if data.was in _ENDINGS:
        state.end(event, *_ENDINGS[data.was])
    elif data.was == ev.LlmCompleted.kind:
        state.open_request, state.calls = None, {}
        state.spend(steps=1)
    elif data.was == ev.LlmFailed.kind:
        state.open_request = None
    elif data.was == ev.TaskStarted.kind:
        state.status, state.started_at = Status.WORKING, event.at
    elif data.was == ev.TaskResumed.kind:
        state.status, state.waiting = Status.WORKING, None


HANDLERS: Handlers = {
    ev.TaskStarted: _started,
    ev.TaskWaiting: _waiting,
    ev.TaskResumed: _resumed,
    ev.TaskForked: _forked,
    ev.TaskCompleted: _completed,
    ev.TaskFailed: _failed,
    ev.TaskCanceled: _canceled,
    ev.TaskRejected: _rejected,
    ev.AttachmentReceived: _attachment_received,
    ev.MessageReceived: _message_received,
    ev.Forgotten: _forgotten,
}
