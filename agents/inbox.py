"""What people send to a task, turned into events. The same rules serve the running loop and a write to an idle task.

An item that no longer fits the state (a second decision, a resume of a task that is not paused) changes nothing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from agents.escalation import overdue
from agents.task_log import TaskLog
from journal import events as ev
from journal.call_state import CallStage
from journal.records import InboxKind
from journal.values import ApprovalStatus, Outcome, Problem, ToolResult, WaitingReason
from planners.plan.planner import voided
from trust.labels import SYSTEM, USER


def absorb(log: TaskLog) -> None:
    """Note the events that the mail so far, and timers that ran out, amount to."""
    for item in log.take_mail():
        if not log.state.ended:
            _HANDLERS[item.kind](log, item.data)
    _wake_if_due(log, datetime.now(UTC))


def _wake(log: TaskLog, by: str, *reasons: WaitingReason) -> None:
    waiting = log.state.waiting
    if waiting is not None and waiting.reason in reasons:
        log.note(ev.TaskResumed(reason=waiting.reason, by=by))


def _wake_if_due(log: TaskLog, now: datetime) -> None:
    waiting = log.state.waiting
    if waiting is None or waiting.wake_at is None or waiting.wake_at > now:
        return
    for event in overdue(list(log.state.approvals.values()), now):
        log.note(event)
    log.note(ev.TaskResumed(reason=waiting.reason, by="system"))


def note_doubt(log: TaskLog, why: str) -> None:
    """Note that the calls under way are in doubt; the task is about to end."""
    for call in log.state.open_calls:
        if call.stage is CallStage.SENT:
            log.note(ev.ToolInDoubt(call_id=call.call.id, tool=call.call.tool, why=why))


def _cancel(log: TaskLog, data: dict[str, Any]) -> None:
    why = "The task was canceled."
    if log.state.open_request is not None:
        log.note(ev.LlmFailed(model=log.state.open_request.model, error="canceled", detail=why, spent=True))
    for step, asking in log.state.plan.asking.items() if log.state.plan else ():
        if asking.open is not None:
            log.note(ev.LlmFailed(model=asking.open.model, error="canceled", detail=why, spent=True, step=step))
    note_doubt(log, "The task was canceled while the call was under way.")
    log.note(ev.TaskCanceled(by=data["by"], note=data.get("note", ""), left_out=data.get("left_out", False)))


def _pause(log: TaskLog, data: dict[str, Any]) -> None:
    waiting = log.state.waiting
    if waiting is None or waiting.reason is not WaitingReason.PAUSED:
        log.note(ev.TaskWaiting(reason=WaitingReason.PAUSED))


def _resume(log: TaskLog, data: dict[str, Any]) -> None:
    _wake(log, data["by"], WaitingReason.PAUSED)


def _input(log: TaskLog, data: dict[str, Any]) -> None:
    waiting = log.state.waiting
    asked = waiting.calls[0] if waiting and waiting.reason is WaitingReason.INPUT and waiting.calls else None
    log.note(ev.MessageReceived(text=data["text"], by=data["by"], call_id=asked))
    _wake(log, data["by"], WaitingReason.INPUT)


def _approval(log: TaskLog, data: dict[str, Any]) -> None:
    approval = log.state.approvals.get(data["approval_id"])
    if approval is None or approval.status is not ApprovalStatus.PENDING or approval.expires_at <= datetime.now(UTC):
        return
    log.note(
        ev.ApprovalDecided(
            approval_id=approval.id,
            decision=data["decision"],
            by=data["by"],
            note=data.get("note", ""),
            edited=data.get("edited", {}),
            only=tuple(data.get("only", ())),
            scope=data.get("scope", "once"),
        )
    )
    _wake(log, data["by"], WaitingReason.APPROVAL)


def _settle(log: TaskLog, data: dict[str, Any]) -> None:
    call = log.state.calls.get(data["call_id"])
    if call is None or call.stage is not CallStage.IN_DOUBT:
        return
    call_id, tool, by, verdict = call.call.id, call.call.tool, data["by"], data["verdict"]
    if verdict == "fail":
        problem = Problem(title="A call stayed in doubt", detail=f"{by} ended the task because {tool} is in doubt.")
        log.note(ev.TaskFailed(outcome=Outcome.ERROR, error=problem))
        return
    log.note(ev.ToolReconciled(call_id=call_id, tool=tool, verdict=verdict, by=by))
    if verdict == "happened":
        result = ToolResult(content=data.get("result") or "A person confirmed that it happened.", label=USER)
        log.note(ev.ToolCompleted(call_id=call_id, tool=tool, result=result))
    elif verdict == "skipped":
        why = "It is not known whether this happened; a person decided to leave it. Do not repeat it."
        log.note(ev.ToolFailed(call_id=call_id, tool=tool, error="skipped", message=why, label=SYSTEM))
    _wake(log, by, WaitingReason.IN_DOUBT)


def _subtask(log: TaskLog, data: dict[str, Any]) -> None:
    """How the child ended is in its own journal; who waits for it looks there."""
    _wake(log, f"task {data['task_id']}", WaitingReason.SUBTASK)


def _plan(log: TaskLog, data: dict[str, Any]) -> None:
    """An edit was checked against one version of the plan, and holds for that alone."""
    plan = log.state.plan
    if plan is None or plan.version != data["version"]:
        return
    revised = ev.PlanRevised.model_validate(data["revision"])
    for event in voided(log.state, revised.dropped):
        log.note(event)
    log.note(revised)
    _wake(log, revised.by, WaitingReason.APPROVAL)


_HANDLERS: dict[InboxKind, Callable[[TaskLog, dict[str, Any]], None]] = {
    InboxKind.CANCEL: _cancel,
    InboxKind.PAUSE: _pause,
    InboxKind.RESUME: _resume,
    InboxKind.INPUT: _input,
    InboxKind.APPROVAL: _approval,
    InboxKind.SETTLE: _settle,
    InboxKind.SUBTASK: _subtask,
    InboxKind.PLAN: _plan,
}
