"""Chores: each over and over, none in the way of another, a failure said once."""

import asyncio
import logging
from contextlib import suppress

import pytest

from journal.errors import StorageUnavailable
from workers.beat import Beat, Chore


class Scripted:
    """Fails as often as it is told, then works; ``enough`` is set once it was done ``times`` times."""

    def __init__(self, *, failures: int = 0, times: int = 1) -> None:
        self._failures = failures
        self._times = times
        self.done = 0
        self.enough = asyncio.Event()

    async def __call__(self) -> None:
        self.done += 1
        if self.done >= self._times:
            self.enough.set()
        if self.done <= self._failures:
            raise StorageUnavailable("The database cannot be reached.")


async def beat_until(enough: asyncio.Event, *chores: Chore) -> None:
    beating = asyncio.create_task(Beat(chores).run())
    await asyncio.wait_for(enough.wait(), 30)
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating


async def test_a_failing_chore_is_logged_once_and_tried_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    work = Scripted(failures=3, times=6)
    with caplog.at_level(logging.INFO, logger="workers.beat"):
        await beat_until(work.enough, Chore("looking for runnable tasks", 0.01, work))
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]
    assert caplog.messages[0] == "Looking for runnable tasks failed; still trying: The database cannot be reached."


async def test_a_chore_that_hangs_or_fails_holds_up_no_other() -> None:
    hanging = asyncio.Event()

    async def hang() -> None:
        await hanging.wait()

    work = Scripted(times=4)
    await beat_until(
        work.enough, Chore("hanging", 0.01, hang), Chore("failing", 0.01, Scripted(failures=99)), Chore("a", 0.01, work)
    )


async def test_canceling_the_beat_ends_all_of_its_chores() -> None:
    work = Scripted()
    await beat_until(work.enough, Chore("a", 0.001, work), Chore("b", 0.001, work))
    done = work.done
    for _ in range(100):
        await asyncio.sleep(0)
    assert work.done == done
