"""A person's word on calls: what is asked, what the answer is bound to, and when it no longer holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.escalation import Terms
from journal import events as ev
from journal.projection import CallState, TaskState
from journal.values import CallUnderApproval
from tools.types import Tool
from trust.digest import approval_digest
from trust.labels import SYSTEM, join
from trust.policy import CallFacts, Decision, Verdict, decide


@dataclass(frozen=True, slots=True)
class Judged:
    """A call with its tool and what the policy says of it."""

    call: CallState
    tool: Tool
    verdict: Verdict

    @property
    def is_effect(self) -> bool:
        """Whether the call may change the world; what nobody vouches for may."""
        return self.verdict.effect not in ("read", "fetch")

    @property
    def asks(self) -> bool:
        return self.verdict.decision is Decision.ASK


def judge(state: TaskState, call: CallState, tool: Tool) -> Judged:
    """Put one call to the policy."""
    facts = CallFacts(
        tool=tool.name,
        args=call.call.args,
        goal=state.submitted.goal,
        vouched=tool.vouched,
        read_only=tool.hints.read_only is True,
        workspace_only=tool.workspace_only,
        fetches_url=tool.origin == "builtin" and tool.hints.open_world is True,
    )
    return Judged(call, tool, decide(facts))


def request_approval(state: TaskState, calls: Sequence[Judged], terms: Terms) -> ev.ApprovalRequested:
    """One approval for all calls of a turn that ask. Its id names the task, so it is found without an index."""
    asked = tuple(_shown(state, judged) for judged in calls)
    now = datetime.now(UTC)
    return ev.ApprovalRequested(
        approval_id=f"{state.id.replace('task_', 'apr_', 1)}_{len(state.approvals) + 1}",
        digest=approval_digest(call.model_dump(mode="json") for call in asked),
        expires_at=terms.expires_at(now),
        escalates_at=terms.escalates_at(now),
        calls=asked,
    )


def task_of_approval(approval_id: str) -> str | None:
    """The id of the task an approval belongs to; ``None`` if the id has not that form."""
    head, _, number = approval_id.rpartition("_")
    return head.replace("apr_", "task_", 1) if head.startswith("apr_") and number.isdigit() else None


def still_holds(state: TaskState, call: CallState, tool: Tool) -> bool:
    """Whether the approval a call got still fits the call: same tool version, same arguments (or the person's own)."""
    approval = state.approvals.get(call.approval_id or "")
    if approval is None:
        return False
    asked = next((c for c in approval.calls if c.step_id == call.call.id), None)
    if asked is None or asked.tool != tool.name or asked.version != tool.pinned:
        return False
    return call.edited or asked.args == call.call.args


def _shown(state: TaskState, judged: Judged) -> CallUnderApproval:
    """In a ReAct turn the model has read the whole context, so each argument carries the context's label; a plan's arguments
    carry their own."""
    label = state.context_label or join(state.submitted.label, SYSTEM)
    args = judged.call.call.args
    return CallUnderApproval(
        step_id=judged.call.call.id,
        tool=judged.tool.name,
        version=judged.tool.pinned,
        effect=judged.verdict.effect,
        args=args,
        labels=dict.fromkeys(args, label) if judged.call.labels is None else judged.call.labels,
        why=judged.verdict.why,
    )
