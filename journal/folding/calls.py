"""Tool calls, from their intent to their end."""

from typing import TYPE_CHECKING

from journal import events as ev
from journal.call_state import CallStage
from journal.events import Event
from journal.folding.handlers import Handlers
from trust.digest import digest
from trust.labels import Label

if TYPE_CHECKING:
    from journal.projection import TaskState


def _tool_requested(state: "TaskState", event: Event, data: ev.ToolRequested) -> None:
    call = state.call_of(data.call_id, data.tool, data.args)
    if data.attempt == 1:
        state.seen[digest([data.tool, data.version, data.args])] += 1
        state.effects[data.tool] += 1
    call.stage, call.intent_key = CallStage.SENT, event.intent_key
    call.occurrence, call.attempts, call.not_happened = data.occurrence, data.attempt, False
    call.sent_at, call.sent_epoch, call.sent_version = event.at, event.epoch, data.version


def _tool_completed(state: "TaskState", event: Event, data: ev.ToolCompleted) -> None:
    _call_done(state, event, data, data.result.label)
    known = set(state.sources)
    state.sources += tuple(s for s in dict.fromkeys(data.result.sources) if s not in known)


def _tool_failed(state: "TaskState", event: Event, data: ev.ToolFailed) -> None:
    _call_done(state, event, data, data.label)


def _call_done(state: "TaskState", event: Event, data: ev.ToolCompleted | ev.ToolFailed, label: Label) -> None:
    """What a plan's step returns is a value: it does not enter the context."""
    state.spend(tool_calls=1)
    state.call_of(data.call_id, data.tool).stage = CallStage.DONE
    if state.plan is not None and state.plan.has(data.call_id):
        state.plan.called(event, data)
    else:
        state.see(label)


def _tool_in_doubt(state: "TaskState", event: Event, data: ev.ToolInDoubt) -> None:
    state.call_of(data.call_id, data.tool).stage = CallStage.IN_DOUBT


def _tool_reconciled(state: "TaskState", event: Event, data: ev.ToolReconciled) -> None:
    call = state.call_of(data.call_id, data.tool)
    if data.verdict == "not_happened":
        call.stage, call.not_happened = CallStage.APPROVED, True


HANDLERS: Handlers = {
    ev.ToolRequested: _tool_requested,
    ev.ToolCompleted: _tool_completed,
    ev.ToolFailed: _tool_failed,
    ev.ToolInDoubt: _tool_in_doubt,
    ev.ToolReconciled: _tool_reconciled,
}
