"""ReAct's moves, and the prompt it asks with, as functions of the journal alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from journal import events as ev
from journal.events import Event, EventData
from journal.projection import TaskState
from journal.values import Budget, Message, Outcome, Reservation, TokenUsage, ToolCall, ToolResult
from planners.answers import AGAIN
from planners.context import Transcript
from planners.planner import Act, Ask, Finish, GiveUp
from planners.react import MAX_REPAIRS, React
from trust.labels import SYSTEM, USER

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUBMITTED = ev.TaskSubmitted(goal="add 1 and 2", agent="default", planner="react", budget=Budget())
STARTED = ev.TaskStarted(worker="w", instructions="be good", prompt_version="react_v1")
REQUESTED = ev.LlmRequested(model="m", role="act", reserved=Reservation(input_tokens=1, output_tokens=1, cost_usd=0))


def said(content: str = "", *calls: ToolCall, finish: str = "stop") -> ev.LlmCompleted:
    return ev.LlmCompleted(
        model="m", content=content, tool_calls=calls, usage=TokenUsage(), cost_usd=0, finish_reason=finish, seconds=0
    )


def done(call_id: str, text: str = "ok") -> ev.ToolCompleted:
    return ev.ToolCompleted(call_id=call_id, tool="t", result=ToolResult(content=text, label=SYSTEM))


def journal(*data: EventData) -> list[Event]:
    return [Event(n, NOW + timedelta(seconds=n), 1, d) for n, d in enumerate((SUBMITTED, STARTED, *data), start=1)]


def state_of(*data: EventData) -> TaskState:
    return TaskState.of("default", "task_1", journal(*data))


def prompt_of(*data: EventData) -> list[Message]:
    transcript = Transcript()
    for event in journal(*data):
        transcript.apply(event)
    return list(transcript.prompt)


def test_a_fresh_task_asks() -> None:
    assert React().next(state_of()) == Ask("act")


def test_calls_are_run_together_then_the_model_is_asked_again() -> None:
    a, b = ToolCall(id="a", tool="t"), ToolCall(id="b", tool="t")
    asked = (REQUESTED, said("", a, b))
    move = React().next(state_of(*asked))
    assert isinstance(move, Act)
    assert [call.call.id for call in move.calls] == ["a", "b"]
    assert React().next(state_of(*asked, done("b"))) == Act((state_of(*asked).calls["a"],))
    assert React().next(state_of(*asked, done("b"), done("a"))) == Ask("act")


def test_text_without_calls_is_the_answer() -> None:
    assert React().next(state_of(REQUESTED, said("3"))) == Finish("3", question=AGAIN)


def test_what_a_person_says_meanwhile_is_heard_before_the_answer_counts() -> None:
    remark = ev.MessageReceived(text="in words", by="user")
    assert React().next(state_of(REQUESTED, remark, said("3"))) == Ask("act")


def test_a_cut_answer_is_asked_for_again_a_bounded_number_of_times() -> None:
    history: list[EventData] = [REQUESTED, said("half an ans", finish="length")]
    for _ in range(MAX_REPAIRS):
        move = React().next(state_of(*history))
        assert isinstance(move, Ask)
        assert move.added
        history += [REQUESTED.model_copy(update={"added": move.added}), said("half an ans", finish="length")]
    end = React().next(state_of(*history))
    assert isinstance(end, GiveUp)
    assert end.outcome is Outcome.GAVE_UP


def test_a_refusal_ends_the_task() -> None:
    assert isinstance(React().next(state_of(REQUESTED, said("no", finish="refused"))), GiveUp)


def test_results_stand_in_the_order_of_the_calls() -> None:
    a, b = ToolCall(id="a", tool="t"), ToolCall(id="b", tool="t")
    remark = ev.MessageReceived(text="hurry", by="user")
    prompt = prompt_of(REQUESTED, said("", a, b), done("b", "second"), remark, done("a", "first"))
    assert [(m.role, m.content) for m in prompt[2:]] == [
        ("assistant", ""),
        ("tool", "first"),
        ("tool", "second"),
        ("user", "hurry"),
    ]


def test_the_prompt_only_grows_at_its_end() -> None:
    a = ToolCall(id="a", tool="t")
    data = [REQUESTED, said("", a), done("a"), REQUESTED, said("3")]
    prompts = [prompt_of(*data[:n]) for n in range(len(data) + 1)]
    for shorter, longer in pairwise(prompts):
        assert longer[: len(shorter)] == shorter


def test_a_failure_is_told_as_an_error_and_a_preview_stands_for_a_long_result() -> None:
    call = ToolCall(id="a", tool="t")
    failed = ev.ToolFailed(call_id="a", tool="t", error="E", message="no such file", label=USER)
    assert prompt_of(REQUESTED, said("", call), failed)[-1].content == "Error: no such file"
    assert prompt_of(REQUESTED, said("", call), done("a").model_copy(update={"shown": "short"}))[-1].content == "short"


def test_the_profile_adds_to_the_instructions() -> None:
    assert React().instructions("Speak German.").endswith("\n\nSpeak German.")
    assert React().instructions("") == React().instructions("  ")
