"""Child tasks: their own journal, a cut of the budget, and an end that wakes the parent."""

import asyncio
from collections.abc import Awaitable, Callable

from agents.means import means_of
from agents.requests import BudgetRequest, Decision
from journal.records import TaskFilter, TaskRecord
from journal.values import Outcome, Status, WaitingReason
from journeyman.testing import Call, Reply, Rule, When
from tests.integration.agents.conftest import World, says, until
from tests.integration.agents.test_plan_crashes import stopping_at
from tests.integration.agents.test_plans import lookup, plans

Build = Callable[..., Awaitable[World]]

ASK_AROUND = {"id": "s2", "delegate": {"goal": "Ask around.", "context": "Known: {$s1}"}}
PARENT = Rule(when=When(text="^do it$"), reply=plans(lookup("s1", "Kiel"), ASK_AROUND, text="{$s2}!"))


async def children(w: World) -> list[TaskRecord]:
    return [r for r in await w.runtime.list_tasks("default", TaskFilter()) if r.parent_id is not None]


async def waiting_parent(w: World) -> tuple[TaskRecord, TaskRecord]:
    record = await w.run(planner="plan")
    assert record.waiting is not None
    assert (record.status, record.waiting.reason) == (Status.WORKING, WaitingReason.SUBTASK)
    [child] = await children(w)
    assert child.parent_id == record.id
    return record, child


async def test_a_childs_answer_is_the_steps_value(world: Build) -> None:
    w = await world(PARENT, says("They say north"))
    parent, child = await waiting_parent(w)
    assert (await w.drive(child.id)).answer == "They say north"
    assert "Known: found Kiel" in w.stub.requests[-1].text
    woken = await w.runtime.task("default", parent.id)
    assert woken.waiting is None
    record = await w.drive(parent.id)
    assert record.answer == "They say north!"
    assert record.label is not None
    assert record.label.trust == "untrusted"
    [done] = await w.events(parent.id, "step.completed")
    assert done.usage.model_calls == 1
    assert record.usage.model_calls == 2
    assert record.usage.cost_usd > done.usage.cost_usd > 0


async def test_a_child_has_a_cut_of_the_budget_and_no_children(world: Build) -> None:
    w = await world(
        Rule(
            when=When(text="^do it$"),
            reply=plans(
                {"id": "a", "delegate": {"goal": "half"}},
                {"id": "b", "delegate": {"goal": "a tenth", "budget": {"max_cost_usd": 0.1, "max_steps": 2}}},
                text="ok",
            ),
        ),
        says("done"),
    )
    record = await w.run(planner="plan", budget=BudgetRequest(max_cost_usd=0.8))
    cuts = {child.goal: child.budget for child in await children(w)}
    assert 0.39 < cuts["half"].max_cost_usd <= 0.4
    assert (cuts["a tenth"].max_cost_usd, cuts["a tenth"].max_steps) == (0.1, 2)
    assert record.usage.cost_usd + sum(cut.max_cost_usd for cut in cuts.values()) <= 0.8
    child = (await w.runtime.state("default", (await children(w))[0].id)).submitted
    assert not means_of({}, w.runtime.models, child, w.runtime.settings.policy_of([child.agent])).can_delegate


async def test_a_childs_failure_is_the_steps(world: Build) -> None:
    w = await world(
        PARENT, Rule(when=When(text="The plan cannot go on"), reply=plans(text="Alone.", tool="revise_plan")), says("")
    )
    parent, child = await waiting_parent(w)
    assert (await w.drive(child.id)).outcome is Outcome.GAVE_UP
    record = await w.drive(parent.id)
    assert record.answer == "Alone."
    [failed] = await w.events(parent.id, "step.failed")
    assert failed.error == "gave_up"


async def test_a_task_that_cannot_be_submitted_fails_the_step(world: Build) -> None:
    step = {"id": "s1", "delegate": {"goal": "g", "agent": "nobody"}}
    w = await world(Rule(times=1, reply=plans(step, text="{$s1}")), Rule(reply=plans(text="Alone.", tool="revise_plan")))
    record = await w.run(planner="plan")
    assert record.answer == "Alone."
    assert (await w.events(record.id, "step.failed"))[0].error == "invalid_task"
    assert await children(w) == []


async def test_a_cancel_reaches_the_children(world: Build) -> None:
    w = await world(PARENT, Rule(reply=Reply(text="late", delay_seconds=60)))
    parent, child = await waiting_parent(w)
    running = asyncio.create_task(w.drive(child.id))
    await until(lambda: len(w.stub.requests) == 2)
    await w.runtime.cancel("default", parent.id, by="ann")
    assert (await running).status is Status.CANCELED
    assert (await w.runtime.task("default", parent.id)).status is Status.CANCELED


async def test_a_child_that_waits_for_a_person_keeps_its_parent_waiting(world: Build) -> None:
    send = Reply(calls=(Call(tool="send", args={"to": "a", "text": "b"}),))
    w = await world(PARENT, Rule(times=1, reply=send), says("sent"))
    parent, child = await waiting_parent(w)
    await w.drive(child.id)
    [approval] = await w.runtime.approvals("default")
    assert approval.task_id == child.id
    assert approval.calls[0].labels["to"].trust == "untrusted"
    assert (await w.runtime.task("default", parent.id)).waiting is not None
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    await w.drive(child.id)
    assert (await w.drive(parent.id)).answer == "sent!"


async def test_a_step_never_has_two_children(world: Build) -> None:
    w = await world(PARENT, says("north"))
    commit, stopped = 0, True
    while stopped:
        commit += 1
        before = {child.id for child in await children(w)}
        runtime, journal = stopping_at(w.runtime, commit)
        task_id = await w.submit(planner="plan")
        await runtime.drive(task_id)
        stopped = journal.stopped
        await w.drive(task_id)
        [child] = [c for c in await children(w) if c.id not in before]
        await w.drive(child.id)
        assert (await w.drive(task_id)).answer == "north!", f"stopped at commit {commit}"
    assert commit > 4
