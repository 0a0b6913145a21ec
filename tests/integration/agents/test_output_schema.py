"""Answers that must hold a JSON Schema."""

from collections.abc import Awaitable, Callable

import pytest

from journal.errors import InvalidInput
from journal.values import Outcome, Status
from journeyman.testing import Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says

Build = Callable[..., Awaitable[World]]

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def test_the_value_is_the_output_and_its_text_the_answer(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "Kiel"})), says('{"n": 3}'))
    record = await w.run(output_schema=SCHEMA)
    assert (record.status, record.output, record.answer) == (Status.COMPLETED, {"n": 3}, '{"n": 3}')
    first = w.stub.requests[0].body
    assert '"required":["n"]' in first["messages"][0]["content"]
    assert "response_format" not in first  # tools are offered, and many servers would then call none


async def test_a_wrong_answer_is_mended_and_the_repair_is_in_the_journal(world: Build) -> None:
    w = await world(Rule(when=When(text="not of type 'integer'"), reply=Reply(text='{"n": 3}')), says('{"n": "three"}'))
    record = await w.run(output_schema=SCHEMA)
    assert (record.status, record.output) == (Status.COMPLETED, {"n": 3})
    requested = await w.events(record.id, "llm.requested")
    assert [len(event.added) for event in requested] == [0, 1]
    assert "at $.n: 'three' is not of type 'integer'" in requested[1].added[0].content


async def test_an_answer_that_is_never_mended_ends_the_task_with_what_it_last_said(world: Build) -> None:
    w = await world(says("three"))
    record = await w.run(output_schema=SCHEMA)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.SCHEMA_UNMET)
    assert (record.answer, record.output) == ("three", None)
    assert record.error is not None
    assert "not JSON" in record.error.detail
    assert len(w.stub.requests) == 3


async def test_the_api_is_asked_for_the_structure_where_no_tools_are_offered(world: Build) -> None:
    w = await world(says('{"n": 3}'))
    record = await w.run(output_schema=SCHEMA, tools=[])
    assert record.output == {"n": 3}
    assert w.stub.requests[0].body["response_format"]["json_schema"]["schema"] == SCHEMA


async def test_a_schema_that_nothing_can_meet_is_refused_at_submission(world: Build) -> None:
    w = await world(says("ok"))
    with pytest.raises(InvalidInput):
        await w.submit(output_schema={"type": "integer", "minimum": 2, "maximum": 1})


async def test_rehearsal_says_that_it_cannot_fill_a_form_that_it_found_nothing_for(world: Build) -> None:
    w = await world(says("unused"), settings={"models": {}})
    record = await w.run("Write a poem about ships.", output_schema=SCHEMA)
    assert (record.outcome, record.output) == (Outcome.SCHEMA_UNMET, None)
    assert record.answer is not None
    assert "I cannot put this into the form" in record.answer
    filled = await w.run("What is 17 * 3?", output_schema=SCHEMA)
    assert filled.output == {"n": 51}
