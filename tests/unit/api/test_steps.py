"""Steps folded from events."""

from datetime import UTC, datetime, timedelta

from api.steps import Steps
from journal import events as ev
from journal.events import Event
from journal.values import CallUnderApproval, Reservation, TokenUsage, ToolCall, ToolHints, ToolResult
from trust.labels import USER

START = datetime(2026, 1, 2, tzinfo=UTC)


def journal(*data: ev.EventData) -> list[Event]:
    return [Event(seq, START + timedelta(seconds=seq), 1, one) for seq, one in enumerate(data, 1)]


def requested() -> ev.LlmRequested:
    return ev.LlmRequested(model="m", role="act", reserved=Reservation(input_tokens=1, output_tokens=1, cost_usd=0))


def completed(*calls: ToolCall) -> ev.LlmCompleted:
    usage = TokenUsage(input_tokens=5, output_tokens=7)
    return ev.LlmCompleted(model="m", tool_calls=calls, usage=usage, cost_usd=0.5, finish_reason="stop", seconds=2.0)


def result() -> ToolResult:
    return ToolResult(content="42", label=USER)


def steps_of(events: list[Event]) -> list[tuple[object, ...]]:
    steps = Steps()
    for event in events:
        steps.add([event])
    return [(s.seq, s.kind, s.name, s.status, s.ended_seq) for s in steps.rows()]


def test_a_turn_and_its_call_are_one_row_each() -> None:
    events = journal(
        requested(),
        completed(ToolCall(id="c1", tool="lookup", args={"q": "x"})),
        ev.ToolCompleted(call_id="c1", tool="lookup", result=result(), seconds=0.25),
        requested(),
        completed(),
    )
    steps = Steps()
    steps.add(events)
    first, call, last = steps.rows()
    assert (first.seq, first.kind, first.name, first.status, first.ended_seq) == (1, "model", "m", "completed", 2)
    assert (first.usage, first.cost_usd, first.seconds) == (TokenUsage(input_tokens=5, output_tokens=7), 0.5, 2.0)
    assert (call.seq, call.kind, call.name, call.status, call.ended_seq) == (2, "tool", "lookup", "completed", 3)
    assert (call.call_id, call.args, call.seconds) == ("c1", {"q": "x"}, 0.25)
    assert (last.seq, last.ended_seq) == (4, 5)


def test_a_call_that_waits_is_approved_sent_and_in_doubt() -> None:
    asked = CallUnderApproval(step_id="c1", tool="pay", version="1", effect="pay", args={}, labels={}, why="it pays")
    events = journal(
        requested(),
        completed(ToolCall(id="c1", tool="pay")),
        ev.ApprovalRequested(approval_id="a", digest="d", expires_at=START, calls=(asked,)),
        ev.ApprovalDecided(approval_id="a", decision="approve", by="me"),
        ev.ToolRequested(call_id="c1", tool="pay", version="1", args={"n": 1}, hints=ToolHints(), occurrence=0),
        ev.ToolInDoubt(call_id="c1", tool="pay", why="the line broke"),
        ev.ToolCompleted(call_id="c1", tool="pay", result=result()),
    )
    seen = [steps_of(events[:n])[1][3] for n in range(2, 8)]
    assert seen == ["asked", "waiting", "asked", "running", "in_doubt", "completed"]


def test_failures_keep_their_reason() -> None:
    events = journal(
        requested(),
        ev.LlmFailed(model="m", error="RateLimited", detail="too many", spent=False),
        requested(),
        completed(ToolCall(id="c1", tool="lookup"), ToolCall(id="c2", tool="lookup")),
        ev.ToolFailed(call_id="c2", tool="lookup", error="ToolError", message="no such thing", label=USER),
    )
    steps = Steps()
    steps.add(events)
    rows = steps.rows()
    assert [(row.status, row.error) for row in rows] == [
        ("failed", "too many"),
        ("completed", None),
        ("asked", None),
        ("failed", "no such thing"),
    ]


def test_a_call_id_used_again_in_a_later_turn_is_another_step() -> None:
    call = ToolCall(id="c1", tool="lookup")
    done = ev.ToolCompleted(call_id="c1", tool="lookup", result=result())
    events = journal(requested(), completed(call), done, requested(), completed(call), done)
    assert [step[-1] for step in steps_of(events)] == [2, 3, 5, 6]
