"""What a beat makes of schedules."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from agents.scheduling.deciding import FIRST_REST, LONGEST_REST, due_at, standing
from agents.scheduling.records import AlreadyFired, Fire, FireState, Overtaken
from agents.scheduling.requests import ScheduleChange
from agents.scheduling.store import step
from tests.integration.schedules.conftest import BY, Planned


async def test_a_fire_makes_one_task_that_knows_which_fire_it_is(planned: Planned) -> None:
    record = await planned.add(cron="0 8 * * *", timezone="Europe/Berlin", context="For the board.", metadata={"room": 4})
    await planned.beat.tick()
    assert planned.tasks.submitted == []
    await planned.at("2026-11-02 07:00")
    await planned.beat.tick()
    [task] = planned.tasks.submitted
    [request] = planned.tasks.requests
    assert (task.tenant, task.goal, task.id) == ("acme", "write the brief", (await planned.seen(record)).running[0])
    assert request.context == (
        "For the board.\n\nThis task was started by the schedule brief, for Monday, 2026-11-02 08:00 (Europe/Berlin)."
    )
    assert request.metadata == {"room": 4, "schedule": "brief", "fire_at": "2026-11-02T07:00:00+00:00"}
    await planned.tasks.complete(task)
    await planned.beat.tick()
    assert await planned.fires(record) == ["02 07:00 completed"]


async def test_of_many_beats_at_once_one_fires(planned: Planned) -> None:
    record = await planned.add(cron="* * * * *", overlap="queue", catch_up="all")
    beats = [planned.another().firing for _ in range(4)]
    for _ in range(5):
        planned.clock.go(minutes=1)
        await asyncio.gather(*(beat.tick() for beat in beats))
        for task in planned.tasks.submitted[-1:]:
            if not (await planned.tasks.journal.record("acme", task.id)).status.ended:
                await planned.tasks.complete(task)
    await planned.beat.tick()
    fires = await planned.schedules.fires("acme", record.id)
    assert len(planned.tasks.submitted) == len({fire.task_id for fire in fires if fire.task_id}) == 5


async def test_an_overlap_is_skipped_and_says_why(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *")
    await planned.at("2026-11-02 07:00")
    await planned.at("2026-11-02 08:00")
    assert await planned.fires(record) == ["02 07:00 submitted", "02 08:00 skipped"]
    [skipped, _] = await planned.schedules.fires("acme", record.id)
    assert skipped.why == f"{planned.tasks.submitted[0].id} was still under way."
    await planned.tasks.complete(planned.tasks.submitted[0])
    await planned.at("2026-11-02 09:00")
    assert (await planned.fires(record))[-1] == "02 09:00 submitted"


async def test_a_queue_runs_one_after_the_other(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *", overlap="queue")
    for hour in (7, 8, 9):
        await planned.at(f"2026-11-02 0{hour}:00")
    assert await planned.fires(record) == ["02 07:00 submitted", "02 08:00 queued", "02 09:00 queued"]
    await planned.tasks.complete(planned.tasks.submitted[0])
    await planned.beat.tick()
    assert await planned.fires(record) == ["02 07:00 completed", "02 08:00 submitted", "02 09:00 queued"]


async def test_the_previous_task_is_canceled(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *", overlap="cancel_previous")
    await planned.at("2026-11-02 07:00")
    await planned.at("2026-11-02 08:00")
    await planned.beat.tick()
    assert planned.tasks.canceled == [planned.tasks.submitted[0].id]
    assert await planned.fires(record) == ["02 07:00 canceled", "02 08:00 submitted"]
    assert (await planned.seen(record)).failures == 0


async def test_what_was_missed_is_made_good_as_the_policy_says(planned: Planned) -> None:
    none = await planned.add(name="none", cron="0 * * * *", catch_up="none")
    last = await planned.add(name="last", cron="0 * * * *", catch_up="last")
    every = await planned.add(name="every", cron="0 * * * *", catch_up="all", catch_up_limit=2, overlap="queue")
    await planned.at("2026-11-02 10:30")
    assert await planned.fires(none) == [f"02 {hour}:00 missed" for hour in ("07", "08", "09", "10")]
    assert await planned.fires(last) == [*(f"02 {h}:00 missed" for h in ("07", "08", "09")), "02 10:00 submitted"]
    assert await planned.fires(every) == ["02 07:00 missed", "02 08:00 missed", "02 09:00 submitted", "02 10:00 queued"]
    await planned.at("2026-11-02 11:00")
    assert (await planned.fires(none))[-1] == "02 11:00 submitted"


async def test_a_failing_schedule_rests_twice_as_long_each_time_until_it_works(planned: Planned) -> None:
    record = await planned.add(cron="* * * * *")
    rest = FIRST_REST
    for failures in (1, 2, 3, 4):
        planned.clock.go(minutes=1)
        await planned.beat.tick()
        assert len(planned.tasks.submitted) == failures
        await planned.tasks.fail(planned.tasks.submitted[-1])
        await planned.beat.tick()
        seen = await planned.seen(record)
        assert (seen.failures, seen.rests_until) == (failures, planned.clock.now + rest)
        state, why = standing(seen, ["default"], planned.clock.now)
        assert state == "resting"
        assert ("once" if failures == 1 else f"{failures} times") in why
        planned.clock.go(seconds=rest.total_seconds() - 1)
        await planned.beat.tick()
        assert len(planned.tasks.submitted) == failures
        rest *= 2
    planned.clock.go(minutes=1)
    await planned.beat.tick()
    await planned.tasks.complete(planned.tasks.submitted[-1])
    await planned.beat.tick()
    assert ((await planned.seen(record)).failures, (await planned.seen(record)).rests_until) == (0, None)
    assert any(fire.why == "It rested after 4 failures in a row." for fire in await planned.schedules.fires("acme", record.id))
    assert rest < LONGEST_REST


async def test_a_task_that_is_refused_is_a_failure_and_says_why(planned: Planned) -> None:
    record = await planned.add(cron="* * * * *")
    planned.tasks.refuse = "There is no tool `gone`."
    planned.clock.go(minutes=1)
    await planned.beat.tick()
    [fire] = await planned.schedules.fires("acme", record.id)
    assert (fire.state, fire.why, fire.task_id) == ("refused", "There is no tool `gone`.", None)
    assert (await planned.seen(record)).failures == 1


async def test_it_rests_while_its_agent_is_gone_and_then_goes_on(planned: Planned) -> None:
    record = await planned.add(agent="helper")
    without = planned.another(agents=())
    planned.clock.set("2026-11-02 07:00")
    await without.firing.tick()
    assert planned.tasks.submitted == []
    seen = await planned.seen(record)
    assert standing(seen, without.agents, planned.clock.now) == (
        "resting",
        "There is no agent named 'helper' any more.",
    )
    await planned.at("2026-11-02 07:05")
    assert await planned.fires(record) == ["02 07:00 submitted"]


async def test_once_is_once(planned: Planned) -> None:
    record = await planned.add(cron=None, start_at="2026-11-02T08:00:00+01:00")
    await planned.at("2026-11-02 07:00")
    await planned.tasks.complete(planned.tasks.submitted[0])
    await planned.at("2026-11-03 07:00")
    assert await planned.fires(record) == ["02 07:00 completed"]
    assert standing(await planned.seen(record), ["default"], planned.clock.now)[0] == "ended"


async def test_jitter_puts_off_and_every_beat_by_the_same(planned: Planned) -> None:
    record = await planned.add(jitter_seconds=600)
    assert record.next_at is not None
    due = due_at(record, record.next_at)
    assert record.due_at == due
    assert timedelta() < due - record.next_at < timedelta(minutes=10)
    planned.clock.now = due - timedelta(seconds=1)
    await planned.beat.tick()
    assert planned.tasks.submitted == []
    planned.clock.now = due
    await planned.another().firing.tick()
    assert await planned.fires(record) == ["02 07:00 submitted"]


async def test_a_pause_holds_fires_back_and_a_resume_does_not_make_them_good(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *")
    await planned.schedules.change("acme", record.id, ScheduleChange(paused=True), **BY)
    await planned.at("2026-11-02 08:30")
    await planned.schedules.change("acme", record.id, ScheduleChange(paused=False), **BY)
    await planned.beat.tick()
    assert await planned.fires(record) == []
    await planned.at("2026-11-02 09:00")
    assert await planned.fires(record) == ["02 09:00 submitted"]


async def test_a_clock_that_is_set_back_fires_nothing_twice(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *")
    await planned.at("2026-11-02 07:00")
    await planned.tasks.complete(planned.tasks.submitted[0])
    planned.clock.set("2026-11-02 06:30")
    await planned.schedules.change("acme", record.id, ScheduleChange(timezone="Europe/Berlin"), **BY)
    await planned.at("2026-11-02 07:00")
    assert len(planned.tasks.submitted) == 1
    await planned.at("2026-11-02 08:00")
    assert await planned.fires(record) == ["02 07:00 completed", "02 08:00 submitted"]


async def test_fires_of_long_ago_are_forgotten(planned: Planned) -> None:
    record = await planned.add()
    await planned.at("2026-11-02 07:00")
    await planned.tasks.complete(planned.tasks.submitted[0])
    await planned.at("2026-11-03 07:00")
    planned.clock.go(days=89, hours=12)
    await planned.beat.tidy()
    assert await planned.fires(record) == ["03 07:00 submitted"]


async def test_who_has_seen_an_older_state_writes_nothing(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *")
    await planned.at("2026-11-02 07:00")
    later = Fire(planned.clock.now.replace(hour=8), FireState.MISSED, planned.clock.now)
    with pytest.raises(Overtaken):
        await planned.tasks.journal.database.write(step(record, record, [later]))
    assert await planned.fires(record) == ["02 07:00 submitted"]


async def test_a_fire_that_is_there_cannot_be_made_again(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *")
    await planned.at("2026-11-02 07:00")
    again = Fire(planned.clock.now, FireState.SUBMITTED, planned.clock.now, "task_2")
    seen = replace(await planned.seen(record), open=())
    with pytest.raises(AlreadyFired):
        await planned.tasks.journal.database.write(step(seen, seen, [again]))
    assert (await planned.schedules.fires("acme", record.id))[0].task_id == planned.tasks.submitted[0].id
