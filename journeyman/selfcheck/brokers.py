"""Cases over a broker: workers killed at each point, the broker gone and back, the database cut off under load."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import Any

from journal.crash_points import POINTS
from journal.errors import JourneymanError
from journal.sql_store import SqlJournal
from journeyman.at_work import ringing
from journeyman.selfcheck.invariants import Journals, Violated, check_acknowledged, check_end, check_kept, journals_of
from journeyman.selfcheck.life import Crash, Stage
from journeyman.selfcheck.proxy import Proxy
from journeyman.selfcheck.suite import (
    MISSED,
    OK,
    PATIENCE,
    Lab,
    Result,
    last_words,
    own_journal,
    run_process,
    start_process,
)
from journeyman.selfcheck.working_life import accompany, serve, settings_on, work
from trust.redaction import Redactor

_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "postgresql": 5432, "postgresql+psycopg": 5432}
GONE_SECONDS = 5.0
_LOOK_SECONDS = 0.1

Case = Callable[[Stage, SqlJournal], Coroutine[Any, Any, bool]]
"""Whether what the case is about came about. Each case has a journal of its own: a worker runs whatever it finds in one."""


def broker_of(url: str) -> str:
    """Its kind, as the table names it."""
    return {"amqp": "rabbitmq", "amqps": "rabbitmq", "rediss": "redis"}.get(scheme := url.partition(":")[0], scheme)


def points_over_a_broker() -> list[tuple[str, Crash]]:
    """Each point that a worker reaches, in a scenario that takes it there."""
    cases = []
    for point in POINTS:
        if point.startswith("beat."):
            cases.append(("control", Crash(point)))
        elif point.startswith(("write.", "send.", "message.sen")):
            cases.append(("plan", Crash(point)))
        elif not point.startswith(("tool.reconcil", "webhook.")):
            cases.append(("react", Crash(point)))
    return cases


async def worker_case(lab: Lab, broker_url: str, scenario: str, crash: Crash) -> Result:
    """Kill the worker at the point and start another. With memory:// the person is in the same process."""

    async def case(stage: Stage, journal: SqlJournal) -> bool:
        if broker_of(broker_url) == "memory":
            died = await run_process(serve, stage, crash, broker_url) == -signal.SIGKILL
            before = await _acknowledged(journal, stage)
            if code := await run_process(serve, stage, None, broker_url):
                raise Violated("ended", f"the second process ended with {code}: {last_words(stage)}")
        else:
            async with _person(stage, broker_url) as person:
                died = await _until_dead(stage, crash, broker_url, person)
                before = await _acknowledged(journal, stage)
                await _workers_until(person, stage, broker_url)
        after = await journals_of(journal, stage.case)
        check_kept(before, after)
        return died

    return await _judged(lab, broker_url, scenario, crash.point, str(crash), case)


async def broker_gone_case(lab: Lab, broker_url: str) -> Result:
    """The broker is cut off while tasks run, stays away, and comes back. The journal goes on meanwhile."""

    async def case(stage: Stage, journal: SqlJournal) -> bool:
        async with Proxy.before(broker_url, _port(broker_url)) as proxy:
            through = proxy.through(broker_url)
            async with _person(stage, through) as person:
                return await _cut(stage, proxy, person, (through, stage))

    return await _judged(lab, broker_url, "react", "broker gone and back", f"for {GONE_SECONDS:g} s", case)


async def database_cut_case(lab: Lab, broker_url: str) -> Result:
    """Every connection of the workers to Postgres is cut under load, none can be made for a while, then they can again."""

    async def case(stage: Stage, journal: SqlJournal) -> bool:
        async with Proxy.before(stage.database_url, _port(stage.database_url)) as proxy, _person(stage, broker_url) as person:
            cut_off = replace(stage, database_url=proxy.through(stage.database_url))
            return await _cut(stage, proxy, person, (broker_url, cut_off))

    return await _judged(lab, broker_url, "react", "database cut and back", f"for {GONE_SECONDS:g} s", case)


async def _judged(lab: Lab, broker_url: str, scenario: str, point: str, at: str, case: Case) -> Result:
    async with lab.width:
        started = time.monotonic()
        stage = lab.stage(scenario)
        try:
            async with own_journal(lab.given_url, stage.folder) as (url, journal):
                own = replace(stage, database_url=url)
                result, why = (OK, "") if await case(own, journal) else (MISSED, "it did not come about")
                await check_end(own, journal, await journals_of(journal, stage.case), lab.outside)
        except Violated as violation:
            result, why = violation.invariant, str(violation)
        except JourneymanError as error:
            result, why = "ended", error.message
        finally:
            await asyncio.to_thread(_forget_queue, stage, broker_url)
        seconds = round(time.monotonic() - started, 2)
        row = Result(point, at, lab.store, broker_of(broker_url), scenario, result, seconds, why)
        lab.on_result(row)
        return row


@asynccontextmanager
async def _person(stage: Stage, broker_url: str) -> AsyncIterator["asyncio.Task[None]"]:
    """A person who submits and gives words in a process that lives on."""
    settings = settings_on(stage, broker_url).model_copy(update={"home": stage.folder / "person"})
    async with ringing(settings, Redactor()) as runtime:
        person = asyncio.create_task(accompany(runtime, stage))
        try:
            yield person
        finally:
            person.cancel()
            await asyncio.gather(person, return_exceptions=True)


async def _until_dead(stage: Stage, crash: Crash, broker_url: str, person: "asyncio.Task[None]") -> bool:
    """Run a worker until it dies at the point; ``False`` if the person was done before."""
    worker = await start_process(work, stage, crash, broker_url)
    ending = asyncio.create_task(asyncio.to_thread(worker.join, PATIENCE))
    await asyncio.wait([ending, person], return_when=asyncio.FIRST_COMPLETED)
    await _stopped([worker])
    await ending
    return worker.exitcode == -signal.SIGKILL


async def _workers_until(person: "asyncio.Task[None]", stage: Stage, broker_url: str, count: int = 1) -> None:
    """Run workers until the person is done. Raises ``Violated`` where that takes too long."""
    workers = [await start_process(work, stage, None, broker_url) for _ in range(count)]
    try:
        await _done(person, stage)
    finally:
        await _stopped(workers)


async def _cut(stage: Stage, proxy: Proxy, person: "asyncio.Task[None]", where: tuple[str, Stage]) -> bool:
    broker_url, cut_off = where
    worker = await start_process(work, cut_off, None, broker_url)
    try:
        await _until_connected(proxy, stage)
        await proxy.cut()
        await asyncio.sleep(GONE_SECONDS)
        await proxy.restore()
        await _done(person, stage)
    finally:
        await _stopped([worker])
    return True


async def _until_connected(proxy: Proxy, stage: Stage) -> None:
    """Until work goes on by way of the proxy."""
    while not (proxy.connections and stage.trace.exists() and "model.sending" in stage.trace.read_text()):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)


async def _done(person: "asyncio.Task[None]", stage: Stage) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.shield(person)
    except TimeoutError:
        raise Violated("ended", f"the task had not ended after {PATIENCE:.0f} seconds: {last_words(stage)}") from None


async def _stopped(workers: Sequence[BaseProcess]) -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        await asyncio.to_thread(worker.join, PATIENCE)
        if worker.exitcode is None:
            worker.kill()
            raise Violated("ended", "a worker did not stop when it was told to")


async def _acknowledged(journal: SqlJournal, stage: Stage) -> Journals:
    found = await journals_of(journal, stage.case)
    check_acknowledged(stage, found)
    return found


def _port(url: str) -> int:
    return _PORTS[url.partition(":")[0]]


def _forget_queue(stage: Stage, broker_url: str) -> None:
    """Leave nothing at a broker that others use too."""
    if broker_of(broker_url) == "memory":
        return
    from kombu.connection import Connection

    with Connection(broker_url) as connection:  # type: ignore[no-untyped-call]
        channel = connection.default_channel
        channel.queue_delete(f"{stage.case}.default")
        if broker_of(broker_url) == "redis":
            client = channel.client
            client.delete(*(f"_kombu.{kind}.{stage.case}.default" for kind in ("binding", "binding_permanent")))
            mine = [tag for tag, message in client.hgetall("unacked").items() if stage.case.encode() in message]
            if mine:
                client.hdel("unacked", *mine)
                client.zrem("unacked_index", *mine)
