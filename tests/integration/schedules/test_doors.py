"""What people may do with schedules, and the schedules of the configuration."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.scheduling.requests import BackfillRequest, ScheduleChange, ScheduleRequest
from journal.audit import AuditLog
from journal.errors import ConfigurationError, Conflict, InvalidInput, NotFound
from tests.integration.schedules.conftest import BY, Planned


def times(since: str, until: str) -> BackfillRequest:
    return BackfillRequest.model_validate({"from": f"2026-11-{since}:00+00:00", "until": f"2026-11-{until}:00+00:00"})


def declared(name: str = "brief", **more: object) -> ScheduleRequest:
    return ScheduleRequest.model_validate({"name": name, "cron": "0 7 * * *", "goal": "write the brief", **more})


async def test_a_name_is_given_once_in_a_tenant(planned: Planned) -> None:
    record = await planned.add()
    with pytest.raises(Conflict, match="a schedule named brief already"):
        await planned.add(goal="another")
    await planned.schedules.create("other", declared(), **BY)
    with pytest.raises(NotFound):
        await planned.schedules.get("other", record.id)


async def test_an_agent_that_is_not_there_and_a_start_that_is_past_are_refused(planned: Planned) -> None:
    with pytest.raises(InvalidInput, match="no agent named 'nobody'"):
        await planned.add(agent="nobody")
    with pytest.raises(InvalidInput, match="starts in the past"):
        await planned.add(cron=None, start_at="2026-11-01T00:00:00+00:00")
    assert await planned.schedules.all("acme") == []


async def test_a_change_is_checked_and_another_time_starts_anew(planned: Planned) -> None:
    record = await planned.add()
    with pytest.raises(InvalidInput, match="no time zone 'Mars'"):
        await planned.schedules.change("acme", record.id, ScheduleChange(timezone="Mars"), **BY)
    with pytest.raises(InvalidInput, match="exactly one of"):
        await planned.schedules.change("acme", record.id, ScheduleChange(start_at=datetime(2027, 1, 1, tzinfo=UTC)), **BY)
    changed = await planned.schedules.change("acme", record.id, ScheduleChange(cron="30 9 * * *", goal="another"), **BY)
    assert (changed.next_at, changed.request.goal) == (datetime(2026, 11, 2, 9, 30, tzinfo=UTC), "another")
    once = ScheduleChange.model_validate({"cron": None, "start_at": "2027-01-01T00:00:00+00:00"})
    assert (await planned.schedules.change("acme", record.id, once, **BY)).next_at == datetime(2027, 1, 1, tzinfo=UTC)


async def test_run_now_submits_beside_the_fires(planned: Planned) -> None:
    record = await planned.add()
    await planned.schedules.change("acme", record.id, ScheduleChange(paused=True), **BY)
    task = await planned.schedules.run("acme", record.id, **BY)
    assert await planned.fires(record) == ["02 06:59 submitted"]
    assert (await planned.seen(record)).running == (task.id,)
    assert (await planned.seen(record)).next_at == record.next_at


async def test_a_backfill_makes_what_has_no_task_one_after_the_other(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *", catch_up="none")
    await planned.at("2026-11-02 09:30")
    await planned.at("2026-11-02 10:00")
    await planned.tasks.complete(planned.tasks.submitted[0])
    await planned.at("2026-11-02 10:30")
    asked = times("02T07:00", "02T10:00")
    assert len(await planned.schedules.backfill("acme", record.id, asked, **BY)) == 3
    assert await planned.schedules.backfill("acme", record.id, asked, **BY) == []
    for _ in range(4):
        await planned.beat.tick()
        await planned.beat.tick()
        if len(planned.tasks.submitted) < 4 or (await planned.seen(record)).open:
            await planned.tasks.complete(planned.tasks.submitted[-1])
            await planned.beat.tick()
    assert await planned.fires(record) == [f"02 {hour}:00 completed" for hour in ("07", "08", "09", "10")]


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("02T06:00", "02T05:00", "not a range of the past"),
        ("02T06:00", "03T06:00", "not a range of the past"),
        ("01T00:00", "02T06:00", "more than 100 fires"),
    ],
)
async def test_a_backfill_of_a_wrong_range_is_refused(planned: Planned, since: str, until: str, told: str) -> None:
    record = await planned.add(cron="* * * * *")
    with pytest.raises(InvalidInput, match=told):
        await planned.schedules.backfill("acme", record.id, times(since, until), **BY)
    assert await planned.fires(record) == []


async def test_the_configuration_adds_changes_and_removes_its_own(planned: Planned) -> None:
    mine = await planned.schedules.create("default", declared("mine"), **BY)
    await planned.another(declared("a"), declared("b")).sync()
    first = {record.name: record for record in await planned.schedules.all("default")}
    assert [(name, record.declared) for name, record in first.items()] == [("a", True), ("b", True), ("mine", False)]
    await planned.schedules.change("default", first["a"].id, ScheduleChange(paused=True), **BY)
    await planned.another(declared("a", cron="0 9 * * *"), declared("c")).sync()
    second = {record.name: record for record in await planned.schedules.all("default")}
    assert set(second) == {"a", "c", "mine"}
    assert (second["a"].id, second["a"].paused, second["a"].request.cron) == (first["a"].id, True, "0 9 * * *")
    assert second["mine"] == mine
    again = planned.another(declared("a", cron="0 9 * * *"), declared("c"))
    await again.sync()
    assert {record.name: record for record in await planned.schedules.all("default")} == second


async def test_what_the_configuration_declares_is_changed_there_alone(planned: Planned) -> None:
    await planned.another(declared()).sync()
    [record] = await planned.schedules.all("default")
    with pytest.raises(Conflict, match="in the configuration file"):
        await planned.schedules.remove("default", record.id, **BY)
    with pytest.raises(Conflict, match="in the configuration file"):
        await planned.schedules.change("default", record.id, ScheduleChange(goal="another"), **BY)


async def test_the_configuration_cannot_take_a_name_nor_start_in_the_past(planned: Planned) -> None:
    await planned.schedules.create("default", declared("mine"), **BY)
    with pytest.raises(ConfigurationError, match="named 'mine' beside"):
        await planned.another(declared("mine")).sync()
    once = declared("once", cron=None, start_at="2026-11-02T06:00:00+00:00")
    with pytest.raises(ConfigurationError, match="'once' starts in the past"):
        await planned.another(once).sync()


async def test_a_start_that_was_to_come_when_it_was_declared_may_pass(planned: Planned) -> None:
    once = declared("once", cron=None, start_at="2026-11-02T07:00:00+00:00")
    await planned.another(once).sync()
    planned.clock.go(days=1)
    await planned.another(once).sync()
    [record] = await planned.schedules.all("default")
    assert record.next_at == planned.clock.now.replace(day=2, hour=7, minute=0)
    assert planned.clock.now - record.next_at > timedelta(hours=20)


async def test_every_act_is_in_the_audit_log_and_none_that_failed(planned: Planned) -> None:
    record = await planned.add(cron="0 * * * *", catch_up="none")
    await planned.schedules.change("acme", record.id, ScheduleChange(goal="another"), **BY)
    await planned.schedules.change("acme", record.id, ScheduleChange(paused=True), **BY)
    await planned.schedules.change("acme", record.id, ScheduleChange(paused=False), **BY)
    task = await planned.schedules.run("acme", record.id, **BY)
    await planned.at("2026-11-02 09:30")
    await planned.schedules.backfill("acme", record.id, times("02T07:00", "02T09:00"), **BY)
    with pytest.raises(Conflict):
        await planned.add()
    await planned.schedules.remove("acme", record.id, **BY)
    log = AuditLog(planned.tasks.journal.database)
    entries = (await log.entries("acme"))[::-1]
    kinds = ["created", "changed", "paused", "resumed", "run", "backfilled", "removed"]
    assert [entry.act for entry in entries] == [f"schedule.{kind}" for kind in kinds]
    assert {(entry.actor, entry.via, entry.target) for entry in entries} == {("ann", "key_1", record.id)}
    assert (entries[1].details["fields"], entries[4].details["task_id"]) == (["goal"], task.id)
    assert (await log.verify("acme")).sound
