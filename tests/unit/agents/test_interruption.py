"""An interruption breaks off what is awaited, and nothing else."""

import asyncio

import pytest

from agents.interruption import Interrupted, Interruption


async def test_it_breaks_off_what_is_awaited() -> None:
    interruption = Interruption()

    async def work() -> str:
        try:
            async with interruption:
                await asyncio.Event().wait()
        except Interrupted:
            return "broken off"
        return "finished"

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    interruption.fire()
    interruption.fire()
    assert await working == "broken off"
    assert working.cancelling() == 0


async def test_fired_before_it_strikes_at_the_door() -> None:
    interruption = Interruption()
    interruption.fire()
    with pytest.raises(Interrupted):
        async with interruption:
            pytest.fail("nothing may run")


async def test_work_that_ends_by_itself_is_not_disturbed() -> None:
    interruption = Interruption()
    async with interruption:
        await asyncio.sleep(0)
    interruption.fire()
    await asyncio.sleep(0)


async def test_a_cancel_from_elsewhere_stays_a_cancel() -> None:
    interruption = Interruption()

    async def work() -> None:
        async with interruption:
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    interruption.fire()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_parallel_work_inside_is_broken_off_too() -> None:
    interruption = Interruption()
    ended: list[str] = []

    async def one(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def work() -> None:
        async with interruption, asyncio.TaskGroup() as group:
            group.create_task(one("a"))
            group.create_task(one("b"))

    working = asyncio.create_task(work())
    for _ in range(3):
        await asyncio.sleep(0)
    interruption.fire()
    with pytest.raises(Interrupted):
        await working
    assert sorted(ended) == ["a", "b"]
