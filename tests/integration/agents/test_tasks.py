"""What a task does from submission to its end, and what its journal shows of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agents.requests import BudgetRequest, InputRequest, TaskRequest
from journal.errors import Conflict, InvalidInput, NotFound
from journal.records import TaskFilter
from journal.values import Outcome, Status, WaitingReason
from journeyman.testing import HttpError, Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]


async def test_a_step_is_three_events(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "Kiel"})), says("It is in the north."))
    record = await w.run()
    assert (record.status, record.outcome, record.answer) == (Status.COMPLETED, Outcome.ACHIEVED, "It is in the north.")
    assert await w.kinds(record.id) == [
        "task.submitted",
        "task.started",
        "llm.requested",
        "llm.completed",
        "tool.completed",
        "llm.requested",
        "llm.completed",
        "task.completed",
    ]
    assert w.witnessed == ["lookup Kiel"]
    assert record.usage.steps == 2
    assert record.usage.tool_calls == 1
    assert 0 < record.usage.cost_usd < record.budget.max_cost_usd


async def test_the_model_reads_what_the_tool_returned(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "Kiel"})), says("ok"))
    await w.run("where is Kiel?")
    assert w.stub.requests[0].text == "where is Kiel?"
    assert w.stub.requests[1].text == "found Kiel"


async def test_calls_of_one_turn_run_at_once(world: Build) -> None:
    w = await world(calls(("meet", {"name": "a"}), ("meet", {"name": "b"})), says("met"))
    assert (await w.run()).answer == "met"


async def test_bad_calls_are_told_to_the_model(world: Build) -> None:
    w = await world(
        calls(("lookup", {"quark": 1}), ("nothing_like_it", {}), ("broken", {"q": "x"})),
        says("I could not."),
    )
    record = await w.run()
    failures = {failed.error: failed.message for failed in await w.events(record.id, "tool.failed")}
    assert set(failures) == {"invalid_arguments", "unknown_tool", "ToolError"}
    assert "no such thing: x" in failures["ToolError"]
    assert record.status is Status.COMPLETED


async def test_malformed_arguments_are_told_to_the_model(world: Build) -> None:
    from journeyman.testing import Call

    w = await world(Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="lookup", raw='{"q": '),))), says("sorry"))
    record = await w.run()
    assert [failed.error for failed in await w.events(record.id, "tool.failed")] == ["malformed_arguments"]
    assert record.answer == "sorry"


async def test_a_cancel_breaks_off_a_model_call(world: Build) -> None:
    w = await world(Rule(reply=Reply(text="late", delay_seconds=60)))
    task_id = await w.submit()
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: len(w.stub.requests) == 1)
    await w.runtime.cancel("default", task_id, by="tester")
    record = await running
    assert (record.status, record.outcome) == (Status.CANCELED, Outcome.CANCELED)
    assert (await w.events(task_id, "llm.failed"))[0].spent
    with pytest.raises(Conflict):
        await w.runtime.cancel("default", task_id, by="tester")


async def test_a_waiting_task_is_canceled_without_a_worker(world: Build) -> None:
    w = await world(calls(("send", {"to": "a", "text": "b"})))
    record = await w.run()
    assert (await w.runtime.cancel("default", record.id, by="tester")).status is Status.CANCELED
    assert w.witnessed == []


async def test_pause_rests_between_calls_and_resume_goes_on(world: Build) -> None:
    w = await world(calls(("wait_for_file", {"name": "go"})), says("went on"))
    task_id = await w.submit()
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: w.witnessed == ["waiting"])
    await w.runtime.pause("default", task_id, by="tester")
    (w.folder / "go").touch()
    record = await running
    assert record.status is Status.INPUT_REQUIRED
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.PAUSED
    await w.runtime.resume("default", task_id, by="tester")
    assert (await w.drive(task_id)).answer == "went on"
    assert w.witnessed == ["waiting"]


async def test_resume_of_a_task_that_is_not_paused_says_what_it_waits_for(world: Build) -> None:
    w = await world(calls(("send", {"to": "a", "text": "b"})))
    record = await w.run()
    with pytest.raises(Conflict) as refused:
        await w.runtime.resume("default", record.id, by="tester")
    assert "apr_" in refused.value.hint


async def test_a_question_waits_for_a_person_and_the_answer_is_its_result(world: Build) -> None:
    w = await world(calls(("ask_person", {"question": "Which pier?"})), says("Pier 7 it is."))
    record = await w.run()
    assert record.waiting is not None
    assert (record.waiting.reason, record.waiting.question) == (WaitingReason.INPUT, "Which pier?")
    await w.runtime.input("default", record.id, InputRequest(text="Pier 7"), by="tester")
    assert (await w.drive(record.id)).answer == "Pier 7 it is."
    assert w.stub.requests[-1].text == "Pier 7"


async def test_a_remark_reaches_the_model(world: Build) -> None:
    w = await world(
        calls(("wait_for_file", {"name": "go"})), Rule(when=When(text="in German"), reply=Reply(text="ja")), says("yes")
    )
    task_id = await w.submit()
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: w.witnessed == ["waiting"])
    await w.runtime.input("default", task_id, InputRequest(text="in German, please"), by="tester")
    (w.folder / "go").touch()
    assert (await running).answer == "ja"


async def test_the_budget_ends_a_task_before_it_is_passed(world: Build) -> None:
    w = await world(Rule(reply=Reply(calls=calls(("lookup", {"q": "x"})).reply.calls)))  # type: ignore[union-attr]
    record = await w.run(budget=BudgetRequest(max_steps=3))
    assert (record.status, record.outcome, record.usage.steps) == (Status.FAILED, Outcome.BUDGET_EXHAUSTED, 3)
    assert record.error is not None
    assert "max_steps" in record.error.detail
    dear = await w.run(budget=BudgetRequest(max_cost_usd=0.000001))
    assert (dear.outcome, dear.usage.model_calls) == (Outcome.BUDGET_EXHAUSTED, 0)


async def test_more_than_the_profile_allows_is_refused(world: Build) -> None:
    w = await world(says("ok"))
    for wrong in (
        {"budget": BudgetRequest(max_cost_usd=1000)},
        {"agent": "nobody"},
        {"planner": "nothing"},
        {"tools": ["no_such_tool"]},
        {"models": ["no_such_model"]},
    ):
        with pytest.raises(InvalidInput):
            await w.submit(**wrong)  # type: ignore[arg-type]


async def test_a_profile_narrows_the_tools(world: Build) -> None:
    settings = {"agents": {"default": {"tools": ["lookup"]}}}
    w = await world(calls(("send", {"to": "a", "text": "b"})), says("no"), settings=settings)
    record = await w.run()
    assert [failed.error for failed in await w.events(record.id, "tool.failed")] == ["unknown_tool"]
    with pytest.raises(InvalidInput):
        await w.submit(tools=["send"])


async def test_the_next_model_answers_when_the_first_cannot(world: Build) -> None:
    w = await world(Rule(when=When(model="m1"), error=HttpError(status=401)), says("second"), models=2)
    record = await w.run()
    assert record.answer == "second"
    assert [failed.error for failed in await w.events(record.id, "llm.failed")] == ["AuthenticationFailed"]


async def test_a_broken_answer_is_asked_again_and_stays_spent(world: Build) -> None:
    w = await world(Rule(times=1, reply=Reply(text="never whole", cut_after=0)), says("whole"))
    record = await w.run()
    assert record.answer == "whole"
    [failed] = await w.events(record.id, "llm.failed")
    [first, _] = await w.events(record.id, "llm.requested")
    assert failed.spent
    assert record.usage.output_tokens >= first.reserved.output_tokens


async def test_with_every_model_out_the_task_fails_and_says_which(world: Build) -> None:
    w = await world(Rule(error=HttpError(status=401)), models=2)
    record = await w.run()
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.ERROR)
    assert record.error is not None
    assert "m1" in record.error.detail
    assert "m2" in record.error.detail


async def test_a_long_rate_limit_rests_without_a_worker(world: Build) -> None:
    w = await world(Rule(times=1, error=HttpError(status=429, retry_after=120)), says("later"))
    record = await w.run()
    assert record.status is Status.WORKING
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.RATE_LIMIT
    assert record.waiting.wake_at is not None
    assert 100 < (record.waiting.wake_at - record.waiting.since).total_seconds() < 130


async def test_a_fork_goes_on_from_its_seq(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "Kiel"})), says("done"))
    origin = await w.run()
    fork = await w.runtime.fork("default", origin.id, seq=5, by="tester")
    assert fork.forked_from == origin.id
    assert (await w.drive(fork.id)).answer == "done"
    assert w.witnessed == ["lookup Kiel"]
    with pytest.raises(InvalidInput):
        await w.runtime.fork("default", origin.id, seq=99, by="tester")
    with pytest.raises(InvalidInput):
        await w.runtime.fork("default", origin.id, seq=origin.last_seq, by="tester")


async def test_as_of_shows_the_past(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "Kiel"})), says("done"))
    record = await w.run()
    past = await w.runtime.task("default", record.id, as_of=4)
    assert (past.status, past.last_seq, past.answer) == (Status.WORKING, 4, None)
    assert await w.runtime.task("default", record.id, as_of=record.last_seq) == record


async def test_following_sees_each_event_once(world: Build) -> None:
    w = await world(calls(("wait_for_file", {"name": "go"})), says("done"))
    task_id = await w.submit()

    async def seqs(after: int) -> list[int]:
        return [event.seq async for event in w.runtime.follow("default", task_id, after=after)]

    followers = [asyncio.create_task(seqs(after)) for after in (0, 2)]
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: w.witnessed == ["waiting"])
    followers.append(asyncio.create_task(seqs(1)))
    (w.folder / "go").touch()
    last = (await running).last_seq
    assert [await f for f in followers] == [list(range(n, last + 1)) for n in (1, 3, 2)]
    assert await seqs(last) == []


async def test_a_thread_remembers_its_earlier_tasks(world: Build) -> None:
    w = await world(Rule(when=When(text="Kiel"), reply=Reply(text="In the north.")), says("As I said."))
    await w.run("Where is Kiel?", thread_id="t1")
    await w.run("And again?", thread_id="t1")
    said = [message["content"] for message in w.stub.requests[-1].body["messages"]]
    assert said[1:] == ["Where is Kiel?", "In the north.", "And again?"]
    assert len(await w.runtime.list_tasks("default", TaskFilter(thread_id="t1"))) == 2


async def test_the_same_key_gives_the_same_task(world: Build) -> None:
    w = await world(says("ok"))
    request = TaskRequest(goal="once")
    first = await w.runtime.submit("default", request, by="tester", idempotency_key="k")
    assert (await w.runtime.submit("default", request, by="tester", idempotency_key="k")).id == first.id
    with pytest.raises(Conflict):
        await w.runtime.submit("default", TaskRequest(goal="other"), by="tester", idempotency_key="k")


async def test_another_tenants_task_looks_absent(world: Build) -> None:
    w = await world(says("ok"))
    task_id = await w.submit()
    with pytest.raises(NotFound):
        await w.runtime.task("other", task_id)
    with pytest.raises(NotFound):
        await w.runtime.cancel("other", task_id, by="mallory")


async def test_closing_hands_the_lease_back(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "a"})), Rule(times=1, reply=Reply(text="", delay_seconds=60)), says("done"))
    task_id = await w.submit()
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: len(w.stub.requests) == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await w.runtime.journal.runnable(10) == [task_id]
    assert (await w.drive(task_id)).answer == "done"
    assert w.witnessed == ["lookup a"]
