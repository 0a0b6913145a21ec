"""The rules of the lease, for every store."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from journal import events as ev
from journal.errors import StaleLease
from journal.events import Event
from journal.records import InboxItem, InboxKind, Lease
from journal.store import Journal
from tests.integration.journal.holding import DONE, REQUESTED, STARTED, Holder, now, submit, until

CANCEL = InboxItem(InboxKind.CANCEL, {"by": "ann"})


async def test_a_task_has_one_holder_at_a_time(journal: Journal) -> None:
    task = await submit(journal)
    leases = await asyncio.gather(*(journal.claim(task.id, f"w{n}") for n in range(8)))
    assert [lease.epoch for lease in leases if lease is not None] == [1]


async def test_an_unknown_task_is_nobodys(journal: Journal) -> None:
    assert await journal.claim("task_unknown", "w1") is None


async def test_the_lease_tells_task_tenant_owner_epoch_and_end(journal: Journal) -> None:
    task = await submit(journal, "acme")
    before = now()
    lease = await journal.claim(task.id, "w1")
    assert lease is not None
    assert (lease.task_id, lease.tenant, lease.owner, lease.epoch) == (task.id, "acme", "w1", 1)
    assert 55 < (lease.until - before).total_seconds() < 65


async def test_a_released_task_is_claimed_under_the_next_epoch(journal: Journal) -> None:
    holder = await Holder.new(journal)
    assert await journal.release(holder.lease)
    second = await journal.claim(holder.state.id, "w2")
    assert second is not None
    assert second.epoch == 2


async def test_after_release_nothing_can_be_appended(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await journal.release(holder.lease)
    with pytest.raises(StaleLease):
        await holder.append(STARTED)
    assert len(await holder.events()) == 1


async def test_an_owner_that_claimed_again_cannot_use_its_old_lease(journal: Journal) -> None:
    old = await Holder.new(journal, owner="w1")
    await journal.release(old.lease)
    assert await journal.claim(old.state.id, "w1") is not None
    with pytest.raises(StaleLease):
        await old.append(STARTED)
    assert await journal.last_seq("acme", old.state.id) == 1


async def test_a_lease_that_ran_out_is_taken_over_and_the_old_holder_fenced(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store(lease_seconds=0.05)
    old = await Holder.new(journal, owner="w1")
    new: Lease = await until(lambda: journal.claim(old.state.id, "w2"))
    assert (new.owner, new.epoch) == ("w2", 2)
    with pytest.raises(StaleLease):
        await old.append(STARTED)
    assert await journal.last_seq("acme", old.state.id) == 1
    assert (await journal.heartbeat("w1")).held == frozenset()


async def test_a_holder_nobody_replaced_may_go_on_after_its_lease_ran_out(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store(lease_seconds=0.05)
    holder = await Holder.new(journal)
    await until(lambda: journal.runnable(10))
    await holder.append(STARTED)
    assert await journal.last_seq("acme", holder.state.id) == 2


async def test_the_same_owner_cannot_take_its_own_lease_again(journal: Journal) -> None:
    holder = await Holder.new(journal, owner="w1")
    assert await journal.claim(holder.state.id, "w1") is None


async def test_heartbeats_keep_a_lease_alive(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store(lease_seconds=2.0)
    holder = await Holder.new(journal)
    rival_failed = 0
    while now() <= holder.lease.until or rival_failed < 3:
        assert (await journal.heartbeat("w1")).held == {holder.state.id}
        assert await journal.claim(holder.state.id, "w2") is None
        rival_failed += 1


async def test_a_heartbeat_names_what_is_held_and_brings_its_mail(journal: Journal) -> None:
    one, two = await Holder.new(journal, owner="w1"), await Holder.new(journal, owner="w1")
    await Holder.new(journal, owner="w2")
    await journal.send("acme", two.state.id, CANCEL)
    beat = await journal.heartbeat("w1")
    assert beat.held == {one.state.id, two.state.id}
    assert {task: [item.kind for item in items] for task, items in beat.inboxes.items()} == {two.state.id: [InboxKind.CANCEL]}


async def test_release_refuses_while_there_is_mail_and_keeps_the_lease(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await journal.send("acme", holder.state.id, CANCEL)
    assert not await journal.release(holder.lease)
    appended = await holder.append(STARTED)
    assert [item.data for item in appended.inbox] == [{"by": "ann"}]
    assert (await holder.append(REQUESTED, drained=appended.inbox)).inbox == ()
    assert await journal.release(holder.lease)


async def test_releasing_a_lost_lease_changes_nothing(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await journal.release(holder.lease)
    second = await journal.claim(holder.state.id, "w2")
    assert second is not None
    assert await journal.release(holder.lease)
    assert (await journal.heartbeat("w2")).held == {holder.state.id}


async def test_no_message_is_left_unseen_when_send_and_release_race(journal: Journal) -> None:
    holders = [await Holder.new(journal) for _ in range(20)]
    jobs = [(journal.release(h.lease), journal.send("acme", h.state.id, CANCEL)) for h in holders]
    results = await asyncio.gather(*(job for pair in jobs for job in pair))
    released = {h.state.id for h, done in zip(holders, results[::2], strict=True) if done}
    kept = {h.state.id for h in holders} - released
    beat = await journal.heartbeat("w1")
    assert beat.held == kept == set(beat.inboxes)
    assert released <= set(await journal.runnable(100))


async def test_a_stale_append_fails_alone_among_others(journal: Journal) -> None:
    good = [await Holder.new(journal) for _ in range(10)]
    stale = await Holder.new(journal)
    await journal.release(stale.lease)
    results = await asyncio.gather(*(h.append(STARTED) for h in [*good, stale]), return_exceptions=True)
    assert isinstance(results[-1], StaleLease)
    assert not any(isinstance(result, Exception) for result in results[:-1])
    assert [await journal.last_seq("acme", h.state.id) for h in [*good, stale]] == [2] * 10 + [1]


async def test_events_that_do_not_continue_the_journal_are_stale(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED)
    again = [Event(2, now(), 1, REQUESTED)]
    with pytest.raises(StaleLease):
        await journal.append(holder.lease, again, holder.state.record())
    assert [event.kind for event in await holder.events()] == ["task.submitted", "task.started"]


async def test_two_holders_of_one_epoch_cannot_both_append(journal: Journal) -> None:
    holder = await Holder.new(journal)
    twin = Holder(journal, await fold(holder), holder.lease)
    results = await asyncio.gather(holder.append(STARTED), twin.append(STARTED), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Appended", "StaleLease"]
    assert len(await holder.events()) == 2


async def fold(holder: Holder) -> Any:
    return type(holder.state).of(holder.state.tenant, holder.state.id, await holder.events())


async def test_anyone_may_take_an_ended_task_for_one_append(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, DONE)
    await journal.release(holder.lease)
    later = await Holder.of(journal, holder.state, "api")
    await later.append(ev.MessageReceived(text="thanks", by="ann"))
    record = await journal.record("acme", holder.state.id)
    assert (record.status, record.answer, record.last_seq) == ("completed", "42", 4)


async def test_a_holder_that_cannot_write_leaves_its_mail_to_the_next(journal: Journal) -> None:
    holder = await Holder.new(journal)
    task_id = holder.state.id
    await holder.append(STARTED)
    await journal.send("acme", task_id, CANCEL)
    assert not await journal.release(holder.lease)
    assert await journal.release(holder.lease, leave_mail=True)
    assert await journal.runnable(10) == [task_id]
    second = await journal.claim(task_id, "w2")
    assert second is not None
    assert [item.kind for item in await journal.inbox(second)] == [InboxKind.CANCEL]
