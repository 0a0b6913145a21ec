"""An effect happens at most once, or is visibly in doubt."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from agents.invocation import Invoker, Unknown
from agents.judging import Judged
from agents.task_log import TaskLog
from journal import events as ev
from journal.values import WaitingReason
from trust.digest import intent_key

MAX_ATTEMPTS = 3
"""So often a call that may be repeated is sent when it keeps ending without a known result."""


def intend(log: TaskLog, judged: Judged) -> None:
    """Note the intent of an effect. It must be committed before the call is sent."""
    call, tool, state = judged.call, judged.tool, log.state
    args = call.call.args
    occurrence = call.occurrence if call.attempts else state.occurrence(tool.name, tool.pinned, args)
    log.note(
        ev.ToolRequested(
            call_id=call.call.id,
            tool=tool.name,
            version=tool.pinned,
            args=args,
            hints=tool.hints,
            occurrence=occurrence,
            attempt=call.attempts + 1,
            approval_id=call.approval_id,
        ),
        intent_key=intent_key(state.tenant, state.id, tool.name, tool.pinned, args, occurrence),
    )


async def settle(log: TaskLog, judged: Judged, invoker: Invoker, why: str) -> bool:
    """Decide on a sent call whose result is not known. ``True``: it may be sent again.

    The tool is asked whether it happened, if it can tell; a call that did not happen, or that is idempotent, is repeated, a
    bounded number of times; else it is in doubt and waits for a person.
    """
    call, tool = judged.call, judged.tool
    may_repeat = tool.hints.idempotent is True
    if tool.reconcile is not None:
        if (ready_at := _safe_to_ask(log, judged)) > datetime.now(UTC):
            log.note(ev.TaskWaiting(reason=WaitingReason.TIMER, wake_at=ready_at))
            return False
        found = await invoker.reconcile(log, call, tool)
        if isinstance(found, Unknown):
            why = found.why
        else:
            verdict: Literal["happened", "not_happened"] = "not_happened" if found is None else "happened"
            by = f"tool:{tool.name}"
            log.note(ev.ToolReconciled(call_id=call.call.id, tool=tool.name, verdict=verdict, by=by))
            may_repeat = True
        if isinstance(found, ev.ToolCompleted):
            log.note(found)
            return False
    if may_repeat and call.attempts < MAX_ATTEMPTS:
        return True
    log.note(ev.ToolInDoubt(call_id=call.call.id, tool=tool.name, why=why))
    return False


def _safe_to_ask(log: TaskLog, judged: Judged) -> datetime:
    """After a takeover the former worker may only be frozen: its lease and the call's timeout must have run out."""
    call = judged.call
    if call.sent_at is None or call.sent_epoch == log.lease.epoch:
        return datetime.min.replace(tzinfo=UTC)
    return call.sent_at + timedelta(seconds=judged.tool.timeout_seconds + log.lease_seconds)
