"""A person's word on calls: what is asked, what the answer is bound to, and when it no longer holds."""

from collections.abc import Sequence
from datetime import UTC, datetime

from agents.escalation import Terms
from agents.judging import Judged
from journal import events as ev
from journal.projection import TaskState
from journal.values import CallUnderApproval
from trust.digest import approval_digest, digest


def request_approval(state: TaskState, calls: Sequence[Judged], terms: Terms) -> ev.ApprovalRequested:
    """One approval for all calls of a turn that ask. Its id names the task, so it is found without an index."""
    asked = tuple(_shown(judged) for judged in calls)
    version = state.plan.version if state.plan is not None and state.plan.has(asked[0].step_id) else 0
    now = datetime.now(UTC)
    return ev.ApprovalRequested(
        approval_id=f"{state.id.replace('task_', 'apr_', 1)}_{len(state.approvals) + 1}",
        digest=approval_digest((call.model_dump(mode="json") for call in asked), state.id, version),
        expires_at=terms.expires_at(now),
        escalates_at=terms.escalates_at(now),
        calls=asked,
        plan_version=version,
    )


def task_of_approval(approval_id: str) -> str | None:
    """The id of the task an approval belongs to; ``None`` if the id has not that form."""
    head, _, number = approval_id.rpartition("_")
    return head.replace("apr_", "task_", 1) if head.startswith("apr_") and number.isdigit() else None


def why_void(state: TaskState, judged: Judged) -> str | None:
    """Why the approval a call got does not fit the call any more: another tool version, other arguments (the person's own
    apart), other labels, or it has run out. ``None`` while it holds."""
    call, tool = judged.call, judged.tool
    approval = state.approvals.get(call.approval_id or "")
    asked = next((c for c in approval.calls if c.step_id == call.call.id), None) if approval else None
    if approval is None or asked is None:
        return "What was approved is not known any more."
    if asked.tool != tool.name or asked.version != tool.pinned:
        return "The tool changed after it was approved."
    if not call.edited and (asked.args != call.call.args or asked.labels != judged.labels):
        return "The call changed after it was approved."
    if approval.expires_at <= datetime.now(UTC):
        return "The approval ran out before the call's turn came."
    return None


def is_refused(state: TaskState, judged: Judged) -> str | None:
    """Why a call that would ask is refused without asking, if it is."""
    call = judged.call.call
    if digest([call.tool, call.args]) in state.denied:
        return "A person has denied this very call"
    if state.refused and judged.chosen_outside:
        return "A person has denied a call that was chosen after reading text from outside; nobody is asked about others"
    return None


def is_standing(state: TaskState, judged: Judged) -> bool:
    """Whether a person approved all calls like this one for the task: same tool, same version, and the same arguments but for
    those that only say something."""
    args = judged.call.call.args
    return any(
        known.tool == judged.tool.name
        and known.version == judged.tool.pinned
        and args.keys() == known.args.keys()
        and all(args[name] == value for name, value in known.args.items() if name not in known.free)
        for known in state.standing
    )


def _shown(judged: Judged) -> CallUnderApproval:
    return CallUnderApproval(
        step_id=judged.call.call.id,
        tool=judged.tool.name,
        version=judged.tool.pinned,
        effect=judged.verdict.effect,
        args=judged.call.call.args,
        labels=judged.labels,
        why=judged.verdict.why,
        free=judged.verdict.free,
    )
