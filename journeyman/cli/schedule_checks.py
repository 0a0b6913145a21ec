"""What ``doctor`` and ``config check`` say of schedules."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.cli.finding import Finding

if TYPE_CHECKING:
    from agents.scheduling.records import ScheduleRecord
    from journeyman.settings import Settings


def schedules(settings: "Settings") -> Iterator[Finding]:
    """Schedules that rest or fail; a database that is not there yet, or not up to date, has none to look at."""
    from journal import upgrading

    url = settings.journal_url
    if url.startswith("sqlite") and not Path(url.partition(":///")[2]).expanduser().exists():
        yield Finding("schedules", "ok", "None.")
    elif upgrading.status(url).pending:
        yield Finding("schedules", "warning", "They can be seen after the migrations.", "Run `journeyman db upgrade`.")
    else:
        yield from _findings(settings, asyncio.run(_all(url)))


def mistakes_in_schedules(settings: "Settings") -> Iterator[str]:
    """Schedules of the configuration whose agent is not in it."""
    known = sorted({*settings.agents, "default"})
    for schedule in settings.schedules:
        if schedule.agent not in known:
            yield f"schedules: {schedule.name} names the agent `{schedule.agent}`. Known: {', '.join(known)}."


def _findings(settings: "Settings", records: "list[ScheduleRecord]") -> Iterator[Finding]:
    from agents.scheduling.deciding import standing

    agents, now = {*settings.agents, "default"}, datetime.now(UTC)
    told = [(record, *standing(record, agents, now)) for record in records]
    for record, status, why in told:
        if status == "resting" or record.failures:
            found = f"{record.name}: {why or f'Its last {record.failures} tasks failed.'}"
            yield Finding("schedules", "warning", found, f"See `journeyman schedules show {record.name}`.")
    active = sum(status == "active" for _, status, _ in told)
    yield Finding("schedules", "ok", f"{len(records)}, of which {active} active" if records else "None.")


async def _all(url: str) -> "list[ScheduleRecord]":
    from agents.scheduling.schedules import DECLARING_TENANT
    from agents.scheduling.store import ScheduleStore
    from journal.database import Database

    opened = await Database.open(url)
    try:
        return await ScheduleStore(opened).all(DECLARING_TENANT)
    finally:
        await opened.close()
