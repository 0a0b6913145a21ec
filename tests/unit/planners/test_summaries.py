"""Summaries in place of turns: the prompt behind them, and the text they are made from."""

import pytest

from journal import events as ev
from journal.events import Event, EventData, Forgotten
from journal.values import Budget, Message, ToolCall, ToolResult
from planners.context import Transcript
from planners.summaries import MAX_HANDLES, rendered, structural
from tests.unit.planners.test_react import NOW, REQUESTED, STARTED, SUBMITTED, said
from trust.labels import SYSTEM, USER, Label, Trust, Visibility

WEB = Label(sources=("tool:http_get",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
READER = STARTED.model_copy(update={"tools": {"read_result": "1"}})


def transcript_of(*data: EventData) -> Transcript:
    transcript = Transcript()
    for seq, one in enumerate(data, 1):
        transcript.apply(Event(seq, NOW, 1, one))
    return transcript


def turn(number: int, text: str = "ok", label: Label = SYSTEM) -> list[EventData]:
    call = ToolCall(id=f"c{number}", tool="t", args={"n": number})
    result = ev.ToolCompleted(call_id=call.id, tool="t", result=ToolResult(content=text, label=label))
    return [REQUESTED, said(f"turn {number}", call), result]


def turns(count: int) -> list[EventData]:
    return [SUBMITTED, READER, *(event for n in range(count) for event in turn(n))]


def compacted(upto_seq: int, text: str = "it went well", by: str = "m", label: Label = SYSTEM) -> ev.ContextCompacted:
    return ev.ContextCompacted(upto_seq=upto_seq, summary=text, kept=2, reason="window", by=by, label=label)


def test_the_summary_stands_behind_the_goal_and_before_what_is_kept() -> None:
    story = turns(3)
    transcript = transcript_of(*story, compacted(8))
    system, goal, summary, assistant, result = transcript.prompt
    assert (system.role, goal.content) == ("system", SUBMITTED.goal)
    assert "it went well" in summary.content
    assert 'read_result(handle="NUMBER")' in summary.content
    assert '- 5: t {"n":0} (2 characters)\n- 8: t {"n":1} (2 characters)' in summary.content
    assert (assistant.content, result.call_id) == ("turn 2", "c2")


def test_a_second_summary_takes_the_place_of_the_first() -> None:
    story = turns(3)
    transcript = transcript_of(*story, compacted(8), *turn(7), compacted(12, "and better"))
    assert [m.content.count("summary of your work") for m in transcript.prompt] == [0, 0, 1, 0, 0]
    assert "and better" in transcript.prompt[2].content
    assert "it went well" not in transcript.prompt[2].content


def test_ids_of_covered_calls_stay_taken() -> None:
    assert transcript_of(*turns(3), compacted(8)).prompt.has_call("c0")


def test_the_list_of_handles_has_a_bound() -> None:
    transcript = transcript_of(*turns(MAX_HANDLES + 5), compacted(10_000))
    assert transcript.prompt[2].content.count("\n- ") == MAX_HANDLES
    assert "(5 older ones are not listed)" in transcript.prompt[2].content


def test_without_read_result_no_handles_are_offered() -> None:
    story = turns(3)
    story[1] = STARTED
    assert "read_result" not in transcript_of(*story, compacted(8)).prompt[2].content


def test_the_cut_keeps_whole_turns_and_covers_at_least_the_first() -> None:
    transcript = transcript_of(*turns(4))
    assert transcript.cut(10_000) == 6  # the first turn is 3..5, the second begins at 7
    assert transcript.cut(0) == 14
    assert transcript_of(SUBMITTED, STARTED).cut(10_000) is None


def test_a_summary_is_as_untrusted_as_what_it_covers() -> None:
    transcript = transcript_of(SUBMITTED, READER, *turn(0, "x", WEB), *turn(1))
    assert transcript.covered_label(5).trust is Trust.UNTRUSTED
    assert "tool:http_get" in transcript.covered_label(5).sources
    later = transcript_of(SUBMITTED, READER, *turn(0), compacted(5, label=WEB), *turn(1))
    assert later.covered_label(9).trust is Trust.UNTRUSTED


def test_calls_that_write_summaries_leave_no_trace_in_the_prompt() -> None:
    asked = REQUESTED.model_copy(update={"role": "summarize"})
    answered = said("").model_copy(update={"role": "summarize"})
    assert list(transcript_of(*turns(2), asked, answered).prompt) == list(transcript_of(*turns(2)).prompt)


def forget(story: list[EventData], seq: int) -> list[EventData]:
    return [*story[: seq - 1], Forgotten(was=story[seq - 1].kind, digest="00"), *story[seq:]]


@pytest.mark.parametrize("seq", range(3, 13))
def test_whatever_was_forgotten_each_call_in_the_prompt_has_one_result(seq: int) -> None:
    story = [*turns(2), compacted(5), *turn(3), REQUESTED]
    prompt = list(transcript_of(*forget(story, seq)).prompt)
    asked = [call.id for message in prompt for call in message.tool_calls]
    answered = [message.call_id for message in prompt if message.role == "tool"]
    assert asked == answered


def test_a_forgotten_summary_gives_the_turns_back() -> None:
    story = [*turns(2), compacted(5)]
    assert list(transcript_of(*forget(story, len(story))).prompt) == list(transcript_of(*turns(2)).prompt)


def test_attachments_are_named_with_the_goal_and_short_texts_shown_with_their_own_label() -> None:
    long = ev.AttachmentReceived(name="b.pdf", media_type="application/pdf", size=70_000, digest="", label=WEB)
    short = ev.AttachmentReceived(
        name="a.txt", media_type="text/plain", size=4, digest="", label=WEB, inline=True, text="fact"
    )
    prompt = transcript_of(SUBMITTED, long, short, STARTED).prompt
    assert prompt[1].content.startswith(SUBMITTED.goal)
    assert "- attachments/b.pdf (application/pdf, 70,000 bytes)" in prompt[1].content
    assert prompt[1].label == USER
    assert (prompt[2].content, prompt[2].label) == ("attachments/a.txt reads:\n\nfact", WEB)


def test_a_schema_is_told_with_the_instructions() -> None:
    submitted = ev.TaskSubmitted(goal="g", agent="a", planner="react", budget=Budget(), output_schema={"type": "null"})
    assert '{"type":"null"}' in transcript_of(submitted, STARTED).prompt[0].content


MESSAGES = [
    Message(role="assistant", content="I look.", tool_calls=(ToolCall(id="c", tool="t", args={"n": 1}),)),
    Message(role="tool", call_id="c", content="found\n" + "x" * 9000),
    Message(role="user", content="hurry"),
]


def test_the_record_for_a_summary_fits_its_room_and_keeps_what_the_person_said() -> None:
    text = rendered("so far so good", MESSAGES, 1000)
    assert len(text) < 1200
    assert "so far so good" in text
    assert "the person: hurry" in text
    assert 'call: t {"n":1}' in text


def test_of_a_record_that_is_too_long_the_newest_is_kept() -> None:
    text = rendered("", MESSAGES * 100, 2000)
    assert len(text) < 2200
    assert "earlier lines left out" in text
    assert text.endswith("the person: hurry")


def test_a_summary_without_a_model_lists_the_calls_and_grows_no_further_than_its_room() -> None:
    first = structural("", MESSAGES, 1000)
    assert '- t {"n":1} -> found' in first
    text = first
    for _ in range(50):
        text = structural(text, MESSAGES, 1000)
    assert len(text) < 1200
    assert text.count("No model could write") == 1
