"""A failed task is taken up: what was done stays, what failed runs again, and no effect is repeated."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from agents.forking import forked
from agents.requests import BudgetRequest, Decision, InputRequest, RetryRequest
from journal.errors import Conflict, InvalidInput
from journal.projection import TaskState
from journal.records import TaskRecord
from journal.values import Outcome, Status, WaitingReason
from journeyman.testing import Call, HttpError, Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says

Build = Callable[..., Awaitable[World]]


async def retry(w: World, task_id: str, **request: Any) -> TaskRecord:
    return await w.runtime.retry("default", task_id, RetryRequest(**request), by="tester")


def plan(*steps: dict[str, Any], answer: str) -> Rule:
    args = {"steps": list(steps), "answer": {"text": answer}}
    return Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="submit_plan", args=args),)))


async def test_a_model_that_failed_is_asked_again_and_calls_are_not(world: Build) -> None:
    w = await world(calls(("jot", {"text": "a"})), Rule(when=When(request=2), error=HttpError(status=400)), says("done"))
    failed = await w.run()
    assert failed.status is Status.FAILED
    record = await w.drive((await retry(w, failed.id)).id)
    assert (record.status, record.answer, record.forked_from) == (Status.COMPLETED, "done", failed.id)
    assert w.witnessed == ["jot a"]


async def test_an_answer_that_was_no_good_is_asked_for_anew(world: Build) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}
    bad = [Rule(when=When(request=n), reply=Reply(text="no JSON")) for n in range(1, 9)]
    w = await world(*bad, says('{"n": 1}'), model={"provider": "openai_compatible"})
    failed = await w.run(output_schema=schema)
    assert failed.outcome is Outcome.SCHEMA_UNMET
    asked = len(w.stub.requests)
    again = await w.drive((await retry(w, failed.id)).id)
    while again.status is Status.FAILED:
        again = await w.drive((await retry(w, failed.id)).id)
    assert again.output == {"n": 1}
    first = next(r for r in w.stub.requests[asked:])
    assert "no JSON" not in str(first.body)


async def test_a_plans_failed_step_and_what_waits_for_it_run_again(world: Build) -> None:
    steps = (
        {"id": "a", "tool": "jot", "args": {"text": "first"}},
        {"id": "b", "tool": "note", "args": {"key": "1"}, "after": ["a"]},
        {"id": "c", "tool": "lookup", "args": {"q": "x"}, "after": ["b"]},
    )
    w = await world(plan(*steps, answer="{$b} and {$c}"), says("I cannot mend it."))
    task_id = await w.submit(planner="plan")
    failed = await approve_all(w, task_id)
    assert failed.status is Status.FAILED
    assert w.witnessed == ["jot first", "note 1"]
    done = await approve_all(w, (await retry(w, failed.id)).id)
    assert (done.status, done.answer) == (Status.COMPLETED, "noted 1 and found x")
    assert w.witnessed == ["jot first", "note 1", "note 1", "lookup x"]


async def test_a_step_named_runs_again_and_effects_that_were_done_do_not(world: Build) -> None:
    steps = (
        {"id": "a", "tool": "lookup", "args": {"q": "x"}},
        {"id": "b", "tool": "jot", "args": {"text": "{$a}"}},
        {"id": "c", "tool": "broken", "args": {"q": "{$b}"}},
    )
    w = await world(plan(*steps, answer="{$b}"), says("I cannot mend it."))
    failed = await w.run(planner="plan")
    assert failed.status is Status.FAILED
    again = await w.drive((await retry(w, failed.id, step_id="a")).id)
    assert again.status is Status.FAILED
    assert w.witnessed == ["lookup x", "jot found x", "lookup x"]
    with pytest.raises(InvalidInput, match="no step 'z'"):
        await retry(w, failed.id, step_id="z")


async def approve_all(w: World, task_id: str) -> TaskRecord:
    record = await w.drive(task_id)
    while record.waiting is not None and record.waiting.reason is WaitingReason.APPROVAL:
        for approval in record.waiting.approvals:
            await w.runtime.decide("default", approval, Decision(decision="approve"), by="ann")
        record = await w.drive(task_id)
    return record


async def doubtful(w: World) -> TaskRecord:
    record = await w.run()
    assert record.waiting is not None
    await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")
    return await w.drive(record.id)


async def test_a_call_in_doubt_stays_in_doubt(world: Build) -> None:
    w = await world(calls(("send_badly", {"to": "ann"})), says("ok"))
    record = await doubtful(w)
    assert record.waiting is not None
    verdict = InputRequest(call_id=record.waiting.calls[0], verdict="fail")
    failed = await w.runtime.input("default", record.id, verdict, by="ann")
    assert failed.status is Status.FAILED
    again = await retry(w, failed.id)
    assert again.waiting is not None
    assert (again.waiting.reason, again.waiting.calls) == (WaitingReason.IN_DOUBT, record.waiting.calls)
    with pytest.raises(Conflict, match="send_badly"):
        await retry(w, failed.id, seq=4)
    assert w.witnessed == ["send_badly ann"]


async def test_a_retry_that_would_repeat_an_effect_says_from_where_it_would_not(world: Build) -> None:
    w = await world(calls(("jot", {"text": "a"})), Rule(when=When(request=2), error=HttpError(status=400)))
    failed = await w.run()
    with pytest.raises(Conflict, match="jot") as refused:
        await retry(w, failed.id, seq=3)
    found = [e.seq for e in await w.runtime.journal.read("default", failed.id) if e.kind == "tool.completed"]
    assert f"event {found[0]} or later" in refused.value.hint
    assert (await retry(w, failed.id, seq=found[0])).forked_from == failed.id


@pytest.mark.parametrize("request_", [{"seq": 999}, {"step_id": "none"}, {"step_id": "a", "seq": 1}])
async def test_a_retry_from_nowhere_is_refused(world: Build, request_: dict[str, Any]) -> None:
    w = await world(Rule(error=HttpError(status=400)))
    failed = await w.run()
    with pytest.raises(InvalidInput):
        await retry(w, failed.id, **request_)


async def test_only_what_failed_or_was_canceled_is_retried(world: Build) -> None:
    w = await world(calls(("send", {"to": "a", "text": "b"})), says("ok"))
    waiting = await w.run()
    with pytest.raises(Conflict, match="has not ended"):
        await retry(w, waiting.id)
    await w.runtime.cancel("default", waiting.id, by="x")
    again = await w.drive((await retry(w, waiting.id)).id)
    assert again.waiting is not None
    assert again.waiting.reason is WaitingReason.APPROVAL
    done = await w.run()
    await w.runtime.cancel("default", done.id, by="x")
    with pytest.raises(InvalidInput):
        await retry(w, done.id, budget=BudgetRequest(max_steps=10_000))


async def test_the_time_between_a_task_and_its_fork_is_on_no_deadline(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "x"})), says("done"))
    done = await w.run()
    events = await w.runtime.journal.read("default", done.id)
    from dataclasses import replace

    old = [replace(event, at=event.at - timedelta(days=3)) for event in events]
    state = TaskState.of("default", "task_x", forked("default", done.id, old, 5, "tester"))
    assert state.rested_seconds == pytest.approx(3 * 86400, abs=3600)
