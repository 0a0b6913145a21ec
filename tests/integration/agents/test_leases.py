"""Whoever stops working on a task leaves it free for the next, at whatever moment it stops."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.integration.agents.conftest import World, says

Build = Callable[..., Awaitable[World]]


@pytest.mark.parametrize("turns", range(12))
async def test_broken_off_while_claiming(world: Build, turns: int) -> None:
    w = await world(says("done"))
    task_id = await w.submit()
    driving = asyncio.create_task(w.runtime.drive(task_id))
    for _ in range(turns):
        await asyncio.sleep(0)
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    assert await w.runtime.journal.claim(task_id, "the next") is not None
