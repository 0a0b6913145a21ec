"""What the policy is told of a call, from the task's state."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from journal.call_state import CallState
from journal.projection import TaskState
from tools.types import Tool
from trust.labels import SYSTEM, USER, Label, Trust, Visibility, join
from trust.policy import CallFacts, Decision, Policy, Verdict

PolicyOf = Callable[[tuple[str, ...]], Policy]
"""From the names of agents to the policy for work under all their profiles."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A call with its tool and what the policy says of it. ``decided`` is the label of what chose the call."""

    call: CallState
    tool: Tool
    verdict: Verdict
    labels: dict[str, Label]
    decided: Label

    @property
    def is_effect(self) -> bool:
        """Whether the call may change the world; what nobody vouches for may."""
        return self.verdict.effect.changes

    @property
    def asks(self) -> bool:
        return self.verdict.decision is Decision.ASK

    @property
    def chosen_outside(self) -> bool:
        """Whether the call was chosen by somebody who had read text from outside."""
        return self.decided.trust is Trust.UNTRUSTED


def judge(state: TaskState, call: CallState, tool: Tool, policy: Policy) -> Judged:
    """Put one call to the policy."""
    decided = decided_by(state, call)
    labels = labels_of(call, decided)
    facts = CallFacts(
        tool=tool.name,
        args=call.call.args,
        labels=labels,
        decided=decided,
        condition=call.condition or SYSTEM,
        vouched=tool.vouched,
        read_only=tool.hints.read_only is True,
        open_world=tool.hints.open_world is True,
        workspace_only=tool.workspace_only,
        words=state.words,
        confirmed=state.plan.confirmed if state.plan is not None else frozenset(),
        made=state.effects[tool.name],
    )
    return Judged(call, tool, policy.decide(facts), labels, decided)


def decided_by(state: TaskState, call: CallState) -> Label:
    """The label of what chose a call: the plan's, or of all that the model had read when it asked for it."""
    if call.labels is not None and state.plan is not None:
        return state.plan.label
    return call.decided or state.context_label or join(state.submitted.label, SYSTEM)


def is_approved(tool: Tool, policy: Policy) -> bool:
    """Whether somebody the operator trusts wrote the tool's description, or the operator has classified the tool."""
    return tool.vouched or policy.approves(tool.name)


def label_of_descriptions(tools: Iterable[Tool], policy: Policy) -> Label | None:
    """The label of the tool descriptions that nobody approved; ``None`` where there are none."""
    labels = [
        Label(sources=(f"tool:{t.name}",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
        for t in tools
        if not is_approved(t, policy)
    ]
    return join(labels[0], *labels) if labels else None


def labels_of(call: CallState, decided: Label) -> dict[str, Label]:
    """Each argument's label. In a turn the model may have put anything it had read into any of them; what a person wrote
    instead is theirs."""
    if call.edited:
        return dict.fromkeys(call.call.args, USER)
    return dict.fromkeys(call.call.args, decided) if call.labels is None else call.labels
