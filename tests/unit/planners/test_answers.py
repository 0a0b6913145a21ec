"""Final answers that must be JSON of a schema."""

from typing import Any

import pytest

from journal import events as ev
from journal.projection import TaskState
from journal.values import Budget, Message, Outcome, ToolCall
from planners.answers import AGAIN, MAX_REPAIRS, final_part, read
from planners.planner import Ask, Finish, GiveUp
from planners.react import React
from tests.unit.planners.test_react import REQUESTED, done, journal, said
from trust.labels import SYSTEM

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SUBMITTED = ev.TaskSubmitted(goal="count", agent="default", planner="react", budget=Budget(), output_schema=SCHEMA)


def state_of(*data: ev.EventData) -> TaskState:
    first, *rest = journal(*data)
    return TaskState.of("default", "task_1", [ev.Event(1, first.at, 1, SUBMITTED), *rest])


@pytest.mark.parametrize("text", ['{"n": 3}', ' {"n": 3}\n', '```json\n{"n": 3}\n```', '```\n{"n": 3}\n```\n'])
def test_an_answer_that_holds_the_schema_gives_its_value(text: str) -> None:
    assert React().next(state_of(REQUESTED, said(text))) == Finish(text, output={"n": 3}, question=AGAIN)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("three", "not JSON"),
        ('It is {"n": 3}.', "not JSON"),
        ('{"n": NaN}', "NaN is not JSON"),
        ('{"n": "3"}', "at $.n: '3' is not of type 'integer'"),
        ('{"n": 3, "s": "\\ud800"}', "surrogate"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_the_model_is_told_what_is_wrong(text: str, why: str) -> None:
    move = React().next(state_of(REQUESTED, said(text)))
    assert isinstance(move, Ask)
    [note] = move.added
    assert why in note.content
    assert note.label == SYSTEM


def repair() -> ev.LlmRequested:
    return REQUESTED.model_copy(update={"added": (Message(role="user", content="mend", label=SYSTEM),)})


def test_repairs_have_a_bound_that_calls_in_between_do_not_move() -> None:
    story: list[Any] = [REQUESTED, said("bad")]
    for number in range(MAX_REPAIRS):
        assert isinstance(React().next(state_of(*story)), Ask)
        story += [repair(), said("", ToolCall(id=f"c{number}", tool="t")), done(f"c{number}"), REQUESTED, said("still bad")]
    end = React().next(state_of(*story))
    assert isinstance(end, GiveUp)
    assert (end.outcome, end.answer) == (Outcome.SCHEMA_UNMET, "still bad")


def test_true_and_numbers_are_json_too() -> None:
    assert read("3", {}) == (3, [])
    assert read("null", {"type": "null"}) == (None, [])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("two and two\nAnswer: 4", "4"),
        ("two and two\n**Final answer:** 4", "4"),
        ("## Answer:\n\n4\nboats", "4\nboats"),
        ("Answer: 5? No.\nANSWER: 4", "4"),
        ('{"x": 1,\n"answer": 4}', '{"x": 1,\n"answer": 4}'),
        ("The answer: is 4", "The answer: is 4"),
        ("no such line", "no such line"),
        ("so\nAnswer:", "so\nAnswer:"),
    ],
)
def test_the_final_part_stands_behind_the_last_line_that_says_so(text: str, part: str) -> None:
    assert final_part(text) == part
