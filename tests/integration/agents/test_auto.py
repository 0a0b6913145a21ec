"""``auto``: which planner it chooses, and how one hands over to the other."""

from collections.abc import Awaitable, Callable

import pytest

from journal.values import Outcome, Status
from journeyman.testing import Call, Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says
from tests.integration.agents.test_plans import lookup, plans

Build = Callable[..., Awaitable[World]]
READING = {"planner": "auto", "tools": ["lookup", "broken", "rows"]}


@pytest.mark.parametrize(
    ("goal", "tools", "planner"),
    [
        ("Where is Kiel?", ["lookup"], "react"),
        ("Look up Kiel, then look up Bonn.", ["lookup"], "plan"),
        ("Where is Kiel?", ["lookup", "send"], "plan"),
        ("Where is Kiel?", ["lookup", "write_file"], "react"),
        ("Label each mail.", [], "react"),
    ],
)
async def test_the_rule(world: Build, goal: str, tools: list[str], planner: str) -> None:
    w = await world(
        Rule(when=When(request=1), reply=plans(lookup("s1", "x"), text="ok") if planner == "plan" else Reply(text="ok"))
    )
    record = await w.run(goal, planner="auto", tools=tools)
    assert record.answer == "ok"
    [started] = await w.events(record.id, "task.started")
    assert (started.planner, started.prompt_version) == (planner, f"{planner}_v1")
    assert started.why


async def test_a_model_that_cannot_plan_goes_step_by_step(world: Build) -> None:
    w = await world(says("unused"), settings={"models": {}})
    record = await w.run("Calculate 2 + 3, then 4 * 5.", planner="auto")
    [started] = await w.events(record.id, "task.started")
    assert started.planner == "react"
    assert "can write a plan" in started.why
    assert record.status is Status.COMPLETED


async def test_who_makes_no_plan_goes_on_step_by_step(world: Build) -> None:
    w = await world(
        Rule(when=When(text="Until now"), reply=Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),))),
        Rule(when=When(text="found Kiel"), reply=Reply(text="In the north.")),
        says("I do not plan."),
    )
    record = await w.run("Look up Kiel, then tell me.", **READING)
    assert record.answer == "In the north."
    [changed] = await w.events(record.id, "planner.changed")
    assert (changed.planner, changed.why) == ("react", "The model never called `submit_plan`, in 3 attempts.")
    assert set(w.stub.requests[3].tools) == {"broken", "lookup", "rows", "submit_plan"}


async def test_step_by_step_sees_what_the_plan_has_brought_and_its_label(world: Build) -> None:
    w = await world(
        Rule(times=1, reply=plans(lookup("s1", "Kiel"), {"id": "s2", "tool": "broken", "args": {"q": "$s1"}}, text="{$s2}")),
        Rule(when=When(text="Until now"), reply=Reply(text="Half of it.")),
        says("I have no other plan."),
    )
    record = await w.run("Look up Kiel, then tell me.", **READING)
    assert record.answer == "Half of it."
    told = w.stub.requests[-1].text
    assert "s1: found Kiel" in told
    assert "s2: Error: no such thing" in told
    assert record.label is not None
    assert record.label.trust == "untrusted"


async def test_a_model_at_work_may_give_a_plan(world: Build) -> None:
    w = await world(
        calls(("lookup", {"q": "Kiel"})),
        Rule(when=When(tool_results=1), reply=plans(lookup("s1", "Bonn"), text="{$s1}")),
        says("not asked"),
    )
    record = await w.run("Where is Kiel?", **READING)
    assert record.answer == "found Bonn"
    [changed] = await w.events(record.id, "planner.changed")
    assert changed.planner == "plan"
    [created] = await w.events(record.id, "plan.created")
    assert created.label.trust == "untrusted"
    assert record.label is not None
    assert record.label.trust == "untrusted"


async def test_a_mistaken_plan_at_work_is_told(world: Build) -> None:
    w = await world(Rule(times=1, reply=plans(lookup("s1", "$s9"))), says("then not"))
    record = await w.run("Where is Kiel?", **READING)
    assert record.answer == "then not"
    assert "there is no step s9" in w.stub.requests[1].text


async def test_handing_over_is_bounded(world: Build) -> None:
    bad = {"id": "s1", "tool": "broken", "args": {"q": "x"}}
    w = await world(
        Rule(when=When(text="Where|Until now"), reply=plans(bad, text="{$s1}")),
        Rule(reply=Reply(text="")),
    )
    record = await w.run("Where is Kiel?", **READING)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.GAVE_UP)
    assert len(await w.events(record.id, "planner.changed")) == 2
