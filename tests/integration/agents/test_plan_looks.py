"""A plan that is to be looked at first: it waits, can be changed, and then runs."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.requests import Decision, TaskRequest
from journal.errors import Conflict, InvalidInput, NotFound
from journal.values import ApprovalStatus, Status, WaitingReason
from journeyman.testing import Rule
from tests.integration.agents.conftest import World, says
from tests.integration.agents.test_plans import lookup, plans

Build = Callable[..., Awaitable[World]]

SEND = {"id": "s2", "tool": "send", "args": {"to": "ann", "text": "$s1"}}


async def looked_at(w: World) -> str:
    record = await w.run(plan_only=True)
    assert record.planner == "plan"
    assert record.waiting is not None
    assert (record.status, record.waiting.reason) == (Status.INPUT_REQUIRED, WaitingReason.PAUSED)
    assert w.witnessed == []
    return record.id


async def edit(w: World, task_id: str, *steps: dict[str, Any], **answer: str) -> Any:
    return await w.runtime.edit_plan("default", task_id, {"steps": list(steps), "answer": answer}, by="ann")


async def test_a_plan_waits_for_a_look_and_then_runs(world: Build) -> None:
    extract = {"id": "s2", "extract": {"from": "$s1", "ask": "it", "schema": {"type": "string"}}}
    w = await world(Rule(reply=plans(lookup("s1", "x"), extract, text="{$s1}")))
    task_id = await looked_at(w)
    view = await w.runtime.plan("default", task_id)
    assert (view.version, dict(view.states)) == (1, {"s1": "open", "s2": "open"})
    assert (view.cost.model_calls, view.cost.tool_calls) == (1, 1)
    assert 0 < view.cost.cost_usd < 1
    [created] = await w.events(task_id, "plan.created")
    assert created.cost_usd == view.cost.cost_usd


async def test_an_edited_plan_runs_as_edited(world: Build) -> None:
    w = await world(Rule(reply=plans(lookup("s1", "x"), SEND, text="{$s2}")))
    task_id = await looked_at(w)
    view = await edit(w, task_id, lookup("s1", "other"), text="Only {$s1}.")
    assert view.version == 2
    await w.runtime.resume("default", task_id, by="ann")
    assert (await w.drive(task_id)).answer == "Only found other."
    [revised] = await w.events(task_id, "plan.revised")
    assert (revised.by, revised.dropped) == ("ann", ("s1", "s2"))
    assert w.witnessed == ["lookup other"]


async def test_what_has_begun_stays_and_approvals_of_changed_calls_are_void(world: Build) -> None:
    w = await world(Rule(reply=plans(lookup("s1", "x"), SEND, text="{$s2}")))
    record = await w.run(planner="plan")
    [approval] = await w.runtime.approvals("default")
    with pytest.raises(InvalidInput, match="s1: it has begun"):
        await edit(w, record.id, lookup("s1", "other"), SEND)
    to_bob = {**SEND, "args": {"to": "bob", "text": "$s1"}}
    view = await edit(w, record.id, lookup("s1", "x"), to_bob, text="{$s2}")
    assert dict(view.states) == {"s1": "completed", "s2": "open"}
    assert (await w.runtime.approval("default", approval.id)).status is ApprovalStatus.VOID
    await w.drive(record.id)
    [second] = await w.runtime.approvals("default")
    assert second.calls[0].args["to"] == "bob"
    await w.runtime.decide("default", second.id, Decision(decision="approve"), by="ann")
    assert (await w.drive(record.id)).answer == "sent"
    assert w.witnessed == ["lookup x", "send bob found x"]


async def test_an_edit_is_checked_whole(world: Build) -> None:
    w = await world(Rule(reply=plans(lookup("s1", "x"), text="{$s1}")))
    task_id = await looked_at(w)
    with pytest.raises(InvalidInput) as wrong:
        await edit(w, task_id, lookup("s1", "$s7"), {"id": "s2", "tool": "nothing"})
    assert "there is no step s7" in wrong.value.message
    assert "there is no tool 'nothing'" in wrong.value.message
    assert (await w.runtime.plan("default", task_id)).version == 1


async def test_plans_that_are_not_there_or_run_are_not_edited(world: Build) -> None:
    w = await world(says("ok"))
    record = await w.run()
    with pytest.raises(NotFound):
        await w.runtime.plan("default", record.id)
    with pytest.raises(Conflict):
        await edit(w, record.id, lookup("s1", "x"))
    with pytest.raises(InvalidInput, match="makes no plan"):
        await w.runtime.submit("default", TaskRequest(goal="g", planner="react", plan_only=True), by="ann")
