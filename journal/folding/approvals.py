"""People's word on calls."""

from typing import TYPE_CHECKING

from journal import events as ev
from journal.call_state import CallStage, CallState
from journal.events import Event
from journal.folding.handlers import Handlers
from journal.values import Approval, ApprovalStatus, CallUnderApproval
from trust.digest import digest
from trust.labels import Trust

if TYPE_CHECKING:
    from journal.projection import TaskState


def _approval_requested(state: "TaskState", event: Event, data: ev.ApprovalRequested) -> None:
    state.approvals[data.approval_id] = Approval(
        id=data.approval_id,
        task_id=state.id,
        digest=data.digest,
        expires_at=data.expires_at,
        escalates_at=data.escalates_at,
        calls=data.calls,
        plan_version=data.plan_version,
    )
    for call in data.calls:
        state.call_of(call.step_id, call.tool, call.args).approval_id = data.approval_id


def _approval_escalated(state: "TaskState", event: Event, data: ev.ApprovalEscalated) -> None:
    approval = state.approvals.get(data.approval_id)
    if approval is not None:
        state.approvals[approval.id] = approval.model_copy(update={"escalated_at": event.at})


_DECIDED = {
    "approve": ApprovalStatus.APPROVED,
    "edit": ApprovalStatus.APPROVED,
    "deny": ApprovalStatus.DENIED,
    "expired": ApprovalStatus.EXPIRED,
    "void": ApprovalStatus.VOID,
}


def _approval_decided(state: "TaskState", event: Event, data: ev.ApprovalDecided) -> None:
    approval = state.approvals.get(data.approval_id)
    if approval is None:  # its request is forgotten
        return
    status = _DECIDED[data.decision]
    state.approvals[data.approval_id] = approval.model_copy(
        update={"status": status, "decided_by": data.by, "note": data.note}
    )
    for asked in approval.calls:
        word = ApprovalStatus.DENIED if data.only and asked.step_id not in data.only else status
        if word is ApprovalStatus.DENIED:
            _denied(state, asked)
        elif data.scope == "task":
            state.standing += (asked,)
        call = state.calls.get(asked.step_id)
        if call is not None and call.approval_id == approval.id and call.stage in (CallStage.ASKED, CallStage.APPROVED):
            _rule(call, word, data)


def _denied(state: "TaskState", asked: CallUnderApproval) -> None:
    state.denied.add(digest([asked.tool, asked.args]))
    by_plan = state.plan is not None and state.plan.has(asked.step_id)
    call = state.calls.get(asked.step_id)
    decided = state.plan.label if state.plan is not None and by_plan else call.decided if call else None
    state.refused = state.refused or (decided is not None and decided.trust is Trust.UNTRUSTED)


def _rule(call: CallState, status: ApprovalStatus, data: ev.ApprovalDecided) -> None:
    """What a decision means for one call that has not been sent."""
    if status is ApprovalStatus.VOID:
        call.stage, call.approval_id = CallStage.ASKED, None
    elif status is ApprovalStatus.APPROVED:
        call.stage = CallStage.APPROVED
        if call.call.id in data.edited:
            call.call = call.call.model_copy(update={"args": data.edited[call.call.id]})
            call.edited = True
    else:
        call.denied = data.note or status.value


HANDLERS: Handlers = {
    ev.ApprovalRequested: _approval_requested,
    ev.ApprovalEscalated: _approval_escalated,
    ev.ApprovalDecided: _approval_decided,
}
