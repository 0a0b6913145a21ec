"""The rules of the log, for every store."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from journal import events as ev
from journal.errors import Conflict, InvalidInput, NotFound
from journal.events import Event, Forgotten
from journal.ids import new_id
from journal.projection import TaskState
from journal.records import InboxItem, InboxKind, TaskFilter
from journal.store import BLOB_BYTES, Journal
from journal.values import Budget, Outcome, Problem, SourceRef, Status, WaitingReason
from tests.integration.journal.holding import (
    DONE,
    LABEL,
    REQUESTED,
    STARTED,
    Holder,
    completed,
    now,
    returned,
    submit,
    submitted,
)

AWKWARD = "naïve \x00 \u2028 😀 \\ \" ' % ? :name"


async def test_what_is_appended_is_read_back_equal(journal: Journal) -> None:
    first = Event(1, datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC), 0, submitted(goal=AWKWARD, metadata={"k": [1, None]}))
    state = TaskState.of("acme", new_id("task"), [first])
    await journal.submit(state.record(), [first])
    holder = await Holder.of(journal, state)
    more = [
        Event(2, now(), 1, STARTED),
        Event(3, now(), 1, completed()),
        Event(4, now(), 1, returned(AWKWARD), intent_key="ab" * 32),
    ]
    for event in more:
        state.apply(event)
    await journal.append(holder.lease, more, state.record())
    assert await holder.events() == [first, *more]


async def test_reading_goes_by_after_until_and_limit(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, REQUESTED, completed(), returned("a"))

    async def seqs(**which: Any) -> list[int]:
        return [event.seq for event in await holder.events(**which)]

    assert await seqs() == [1, 2, 3, 4, 5]
    assert await seqs(after=3) == [4, 5]
    assert await seqs(until=2) == [1, 2]
    assert await seqs(after=1, limit=2) == [2, 3]
    assert await seqs(after=1, until=4, limit=9) == [2, 3, 4]
    assert await seqs(after=5) == []
    assert await seqs(after=4, until=2) == []


async def test_a_prefix_folds_to_what_the_task_was_then(journal: Journal) -> None:
    holder = await Holder.new(journal)
    then = {1: holder.state.record()}
    for data in (STARTED, REQUESTED, completed(), returned("a"), DONE):
        await holder.append(data)
        then[holder.state.last_seq] = holder.state.record()
    for seq, record in then.items():
        assert TaskState.of("acme", holder.state.id, await holder.events(until=seq)).record() == record


async def test_the_row_is_the_fold_of_the_journal_field_by_field(journal: Journal) -> None:
    holder = await Holder.new(
        journal,
        goal=AWKWARD,
        agent="clerk",
        budget=Budget(max_steps=7, max_cost_usd=0.1, max_tokens=9, max_seconds=1.5),
        thread_id="thread_1",
        parent_id="task_parent",
        forked_from="task_other",
        metadata={"a": {"b": [1, 2.5, None, "x"]}},
    )
    await same_row(holder)
    await holder.append(STARTED, REQUESTED)
    await same_row(holder)
    waiting = ev.TaskWaiting(
        reason=WaitingReason.APPROVAL, wake_at=now() + timedelta(hours=1), calls=("c1",), approvals=("a1",)
    )
    await holder.append(completed(), waiting)
    await same_row(holder)
    await holder.append(ev.TaskResumed(reason=WaitingReason.APPROVAL, by="ann"), returned("a"))
    await same_row(holder)
    sources = (SourceRef(source="a.md", position="lines 1-2", label=LABEL),)
    await holder.append(ev.TaskCompleted(answer=AWKWARD, output={"n": [1]}, sources=sources, label=LABEL))
    await same_row(holder)


async def test_the_row_of_a_failed_task_tells_why(journal: Journal) -> None:
    holder = await Holder.new(journal)
    problem = Problem(title="Out of money", status=402, detail="spent", hint="Raise it.")
    await holder.append(STARTED, ev.TaskFailed(outcome=Outcome.BUDGET_EXHAUSTED, error=problem, answer="half"))
    await same_row(holder)
    assert (await journal.record("acme", holder.state.id)).error == problem


async def same_row(holder: Holder) -> None:
    record = await holder.journal.record(holder.state.tenant, holder.state.id)
    expected = holder.state.record()
    assert record == expected
    assert record.model_dump_json() == expected.model_dump_json()


async def test_seq_has_no_gaps_when_many_tasks_append_at_once(journal: Journal) -> None:
    holders = [await Holder.new(journal) for _ in range(25)]

    async def work(holder: Holder) -> None:
        await holder.append(STARTED, REQUESTED)
        for n in range(5):
            await holder.append(completed(f"c{n}"))
            await holder.append(returned("r", f"c{n}"), REQUESTED)

    await asyncio.gather(*map(work, holders))
    for holder in holders:
        events = await holder.events()
        assert [event.seq for event in events] == list(range(1, 19))
        assert TaskState.of("acme", holder.state.id, events).record() == holder.state.record()


@pytest.mark.parametrize("size", [BLOB_BYTES - 200, BLOB_BYTES, 300_000])
async def test_large_payloads_come_back_whole(journal: Journal, size: int) -> None:
    holder = await Holder.new(journal)
    content = ("é" + "x" * 99) * (size // 101)
    await holder.append(STARTED, completed(), returned(content))
    (event,) = await holder.events(after=3)
    assert event.data == returned(content)


async def test_a_gap_within_one_append_is_a_mistake_of_the_caller(journal: Journal) -> None:
    holder = await Holder.new(journal)
    events = [Event(2, now(), 1, STARTED), Event(4, now(), 1, REQUESTED)]
    with pytest.raises(ValueError, match="without gaps"):
        await journal.append(holder.lease, events, holder.state.record())


async def test_a_row_that_is_not_as_of_the_last_event_is_a_mistake_of_the_caller(journal: Journal) -> None:
    holder = await Holder.new(journal)
    with pytest.raises(ValueError, match="as of event 1"):
        await journal.append(holder.lease, [Event(2, now(), 1, STARTED)], holder.state.record())


async def test_a_journal_starts_with_event_one(journal: Journal) -> None:
    first = Event(1, now(), 0, submitted())
    record = TaskState.of("acme", new_id("task"), [first]).record()
    with pytest.raises(ValueError, match="event 1"):
        await journal.submit(record, [])


async def test_naive_times_are_refused(journal: Journal) -> None:
    holder = await Holder.new(journal)
    naive = Event(2, datetime(2026, 1, 1), 1, STARTED)
    holder.state.apply(naive)
    with pytest.raises(ValueError, match="aware"):
        await journal.append(holder.lease, [naive], holder.state.record())


async def test_mail_comes_in_order_and_leaves_when_drained(journal: Journal) -> None:
    holder = await Holder.new(journal)
    for n in range(3):
        await journal.send("acme", holder.state.id, InboxItem(InboxKind.INPUT, {"text": f"{AWKWARD}{n}"}))
    mail = await journal.inbox(holder.lease)
    assert [item.data["text"] for item in mail] == [f"{AWKWARD}{n}" for n in range(3)]
    assert (await holder.append(STARTED, drained=mail[:2])).inbox == mail[2:]
    assert await journal.inbox(holder.lease) == mail[2:]
    assert (await holder.append(drained=mail[2:])).inbox == ()
    assert (await holder.append(REQUESTED)).inbox == ()


async def test_a_drained_number_is_never_given_again(journal: Journal) -> None:
    holder = await Holder.new(journal)
    numbers = []
    for _ in range(3):
        await journal.send("acme", holder.state.id, InboxItem(InboxKind.PAUSE))
        (item,) = await journal.inbox(holder.lease)
        numbers.append(item.id)
        await holder.append(drained=[item])
    assert len(set(numbers)) == 3


async def test_another_tenants_task_looks_absent(journal: Journal) -> None:
    holder = await Holder.new(journal, "acme")
    task = holder.state.id
    with pytest.raises(NotFound):
        await journal.read("other", task)
    with pytest.raises(NotFound):
        await journal.record("other", task)
    with pytest.raises(NotFound):
        await journal.last_seq("other", task)
    with pytest.raises(NotFound):
        await journal.send("other", task, InboxItem(InboxKind.CANCEL))
    with pytest.raises(NotFound):
        await journal.forget("other", task, [1])
    assert await journal.records("other", TaskFilter()) == []
    with pytest.raises(InvalidInput):
        await journal.records("other", TaskFilter(before=task))
    assert await journal.inbox(holder.lease) == ()


async def test_workers_learn_whose_a_task_is(journal: Journal) -> None:
    task = await submit(journal, "acme")
    assert await journal.tenant_of(task.id) == "acme"
    with pytest.raises(NotFound):
        await journal.tenant_of("task_unknown")
    with pytest.raises(NotFound):
        await journal.read("acme", "task_unknown")


async def test_the_same_request_under_the_same_key_is_the_same_task(journal: Journal) -> None:
    first = Event(1, now(), 0, submitted())
    one, two = (TaskState.of("acme", new_id("task"), [first]).record() for _ in range(2))
    assert await journal.submit(one, [first], idempotency=("k", "d")) == one
    assert await journal.submit(two, [first], idempotency=("k", "d")) == one
    with pytest.raises(NotFound):
        await journal.record("acme", two.id)
    with pytest.raises(Conflict, match="idempotency key"):
        await journal.submit(two, [first], idempotency=("k", "other"))
    elsewhere = TaskState.of("other", new_id("task"), [first]).record()
    assert await journal.submit(elsewhere, [first], idempotency=("k", "d")) == elsewhere


async def test_one_task_comes_of_the_same_request_many_times_at_once(journal: Journal) -> None:
    first = Event(1, now(), 0, submitted())
    records = [TaskState.of("acme", new_id("task"), [first]).record() for _ in range(10)]
    made = await asyncio.gather(*(journal.submit(r, [first], idempotency=("k", "d")) for r in records))
    assert len({record.id for record in made}) == 1
    assert len(await journal.records("acme", TaskFilter())) == 1


async def test_a_repeated_request_gets_the_task_as_it_is_now(journal: Journal) -> None:
    first = Event(1, now(), 0, submitted())
    state = TaskState.of("acme", new_id("task"), [first])
    await journal.submit(state.record(), [first], idempotency=("k", "d"))
    holder = await Holder.of(journal, state)
    await holder.append(STARTED, DONE)
    again = await journal.submit(TaskState.of("acme", "task_new", [first]).record(), [first], idempotency=("k", "d"))
    assert (again.id, again.status) == (state.id, Status.COMPLETED)


async def test_a_fork_is_a_submission_of_a_copied_prefix(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, REQUESTED, completed(), returned("z" * 20_000), DONE)
    prefix = await holder.events(until=5)
    fork = TaskState.of("acme", new_id("task"), prefix)
    await journal.submit(fork.record(), prefix)
    assert await journal.read("acme", fork.id) == prefix
    assert await journal.record("acme", fork.id) == fork.record()
    other = await Holder.of(journal, fork, "w2")
    await other.append(DONE)
    assert (await journal.last_seq("acme", fork.id), await journal.last_seq("acme", holder.state.id)) == (6, 6)


async def test_forgotten_data_is_gone_and_its_place_is_kept(journal: Journal) -> None:
    holder = await Holder.new(journal, goal="secret goal")
    await holder.append(STARTED, REQUESTED, completed(), returned("secret" * 5000), DONE)
    before = await holder.events()
    await journal.forget("acme", holder.state.id, [1, 5, 6])
    after = await holder.events()
    assert [(e.seq, e.kind, e.at, e.epoch) for e in after] == [(e.seq, e.kind, e.at, e.epoch) for e in before]
    assert [isinstance(e.data, Forgotten) for e in after] == [True, False, False, False, True, True]
    assert {len(e.data.digest) for e in after if isinstance(e.data, Forgotten)} == {64}
    record = await journal.record("acme", holder.state.id)
    assert (record.goal, record.answer, record.status, record.outcome) == ("", None, "completed", "achieved")
    folded = TaskState.of("acme", holder.state.id, after)
    assert (folded.status, folded.last_seq) == (Status.COMPLETED, 6)


async def test_forgetting_twice_keeps_the_first_digest(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, DONE)
    await journal.forget("acme", holder.state.id, [1])
    once = await holder.events()
    await journal.forget("acme", holder.state.id, [1, 99])
    assert await holder.events() == once


async def test_what_a_fork_still_needs_is_not_dropped(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, completed(), returned("z" * 20_000), DONE)
    prefix = await holder.events(until=4)
    fork = TaskState.of("acme", new_id("task"), prefix)
    await journal.submit(fork.record(), prefix)
    await journal.forget("acme", holder.state.id, [4])
    assert await journal.read("acme", fork.id) == prefix


async def test_a_prefix_with_tombstones_can_be_forked(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, completed(), returned("z"), DONE)
    await journal.forget("acme", holder.state.id, [4])
    prefix = await holder.events(until=4)
    fork = TaskState.of("acme", new_id("task"), prefix)
    await journal.submit(fork.record(), prefix)
    assert await journal.read("acme", fork.id) == prefix


async def test_a_task_under_way_forgets_nothing(journal: Journal) -> None:
    holder = await Holder.new(journal)
    with pytest.raises(Conflict, match="still under way"):
        await journal.forget("acme", holder.state.id, [1])


async def test_also_runs_with_the_append_and_its_failure_undoes_only_that(journal: Journal) -> None:
    holder, other = await Holder.new(journal), await Holder.new(journal)
    ran: list[Any] = []
    await holder.append(STARTED, also=ran.append)
    assert len(ran) == 1

    def fail(_: Any) -> None:
        raise Conflict("no such schedule")

    results = await asyncio.gather(holder.append(REQUESTED, also=fail), other.append(STARTED), return_exceptions=True)
    assert isinstance(results[0], Conflict)
    assert await journal.last_seq("acme", holder.state.id) == 2
    assert await journal.last_seq("acme", other.state.id) == 2


async def test_an_idempotency_key_is_forgotten_with_time(journal: Journal) -> None:
    first = Event(1, now(), 0, submitted())
    old, new = (TaskState.of("acme", new_id("task"), [first]).record() for _ in range(2))
    await journal.submit(old, [first], idempotency=("k", "d"))
    assert await journal.forget_idempotency_keys(old.created_at) == 0
    assert await journal.submit(new, [first], idempotency=("k", "d")) == old
    assert await journal.forget_idempotency_keys(old.created_at + timedelta(seconds=1)) == 1
    assert await journal.submit(new, [first], idempotency=("k", "other")) == new
