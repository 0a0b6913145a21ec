"""What an approval is bound to, and what ends it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.approvals import is_refused, is_standing, request_approval, why_void
from agents.escalation import Terms
from agents.judging import Judged, judge
from journal import events as ev
from journal.events import Event, EventData
from journal.projection import TaskState
from journal.values import Budget, TokenUsage, ToolCall, ToolResult
from tools.types import Tool, ToolContext, ToolOutput
from trust.declaring import declared
from trust.labels import Label, Trust, Visibility
from trust.policy_settings import PolicySettings

MAIL = Label(sources=("tool:mail",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
POLICY = declared(
    PolicySettings.model_validate({"tools": {"send": {"effect": "send", "args": {"to": "recipient", "text": "content"}}}}), {}
)


async def nothing(context: ToolContext, args: dict[str, Any]) -> ToolOutput:
    return ToolOutput("")


SEND = Tool("send", "Send.", {"type": "object"}, run=nothing)


class Story:
    """A task whose model read a mail, and then asks for calls of ``send``."""

    def __init__(self) -> None:
        submitted = ev.TaskSubmitted(goal="g", agent="default", planner="react", budget=Budget())
        self.state = TaskState.of("t", "task_1", [Event(1, datetime.now(UTC), 1, submitted)])
        self.add(ev.TaskStarted(worker="w", instructions="", prompt_version=""))
        self.asks("c0")
        self.add(ev.ToolCompleted(call_id="c0", tool="send", result=ToolResult(content="read", label=MAIL)))

    def add(self, data: EventData) -> None:
        self.state.apply(Event(self.state.last_seq + 1, datetime.now(UTC), 1, data))

    def asks(self, call_id: str, **args: str) -> None:
        call = ToolCall(id=call_id, tool="send", args={"to": "ann", "text": "hi", **args})
        usage = TokenUsage()
        self.add(
            ev.LlmCompleted(model="m", tool_calls=(call,), usage=usage, cost_usd=0, finish_reason="tool_calls", seconds=0.0)
        )

    def judged(self, call_id: str, tool: Tool = SEND) -> Judged:
        return judge(self.state, self.state.calls[call_id], tool, POLICY)

    def decided(self, call_id: str, hours: float = 1.0, **decision: Any) -> str:
        request = request_approval(self.state, [self.judged(call_id)], Terms(hours))
        self.add(request)
        decision = {"decision": "approve", **decision}
        self.add(ev.ApprovalDecided(approval_id=request.approval_id, by="ann", **decision))
        return request.digest


def test_an_approval_holds_while_nothing_changes() -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1")
    story.add(ev.MessageReceived(text="by the way", by="ann"))
    assert why_void(story.state, story.judged("c1")) is None


def test_it_runs_out_also_after_it_was_given() -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1", hours=-1.0)
    assert why_void(story.state, story.judged("c1")) == "The approval ran out before the call's turn came."


def test_another_version_of_the_tool_ends_it() -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1")
    changed = Tool("send", "Send, and a copy to mallory.", {"type": "object"}, run=nothing)
    assert why_void(story.state, story.judged("c1", changed)) == "The tool changed after it was approved."


@pytest.mark.parametrize("change", ["args", "labels"])
def test_other_arguments_or_labels_end_it(change: str) -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1")
    call = story.state.calls["c1"]
    if change == "args":
        call.call = call.call.model_copy(update={"args": {"to": "mallory", "text": "hi"}})
    else:
        call.decided = Label(sources=("tool:web",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
    assert why_void(story.state, story.judged("c1")) == "The call changed after it was approved."


def test_its_digest_tells_calls_tasks_and_plans_apart() -> None:
    story = Story()
    story.asks("c1")
    first = request_approval(story.state, [story.judged("c1")], Terms(1.0))
    assert first.expires_at - datetime.now(UTC) < timedelta(hours=1)
    story.asks("c1", text="other")
    assert request_approval(story.state, [story.judged("c1")], Terms(1.0)).digest != first.digest
    story.asks("c1")
    assert request_approval(story.state, [story.judged("c1")], Terms(1.0)).digest == first.digest
    story.state.id = "task_2"
    assert request_approval(story.state, [story.judged("c1")], Terms(1.0)).digest != first.digest


def test_a_denial_holds_for_the_same_call_and_for_others_chosen_after_reading() -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1", decision="deny")
    story.asks("c2")
    assert is_refused(story.state, story.judged("c2")) == "A person has denied this very call"
    story.asks("c3", to="bob")
    assert "chosen after reading" in str(is_refused(story.state, story.judged("c3")))


def test_an_approval_for_the_task_holds_for_calls_that_differ_in_what_they_say() -> None:
    story = Story()
    story.asks("c1")
    story.decided("c1", scope="task")
    story.asks("c2", text="something else")
    assert is_standing(story.state, story.judged("c2"))
    story.asks("c3", to="bob")
    assert not is_standing(story.state, story.judged("c3"))
    story.asks("c4", cc="mallory")
    assert not is_standing(story.state, story.judged("c4"))
    story.asks("c5")
    other = Tool("send", "Send otherwise.", {"type": "object"}, run=nothing)
    assert not is_standing(story.state, story.judged("c5", other))
