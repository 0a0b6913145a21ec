"""The beat: small chores that a process does over and over. Any number of processes may do the same ones at once; what
makes that safe is each chore's own transaction, never a lock held here."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Chore:
    """``work`` is done at once and then about every ``seconds``: more or less a fifth, so that many processes do not do it
    at the same moment; sooner when ``early`` is set. ``name`` stands in the log, as in "looking for runnable tasks"."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    early: asyncio.Event = field(default_factory=asyncio.Event)


class Beat:
    """Does each of its chores in a coroutine of its own, so that a slow one delays no other."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = tuple(chores)

    async def run(self) -> None:
        """Go on until canceled. A chore that fails is logged once and tried again, ever more seldom, until it works."""
        async with asyncio.TaskGroup() as group:
            for chore in self._chores:
                group.create_task(_repeat(chore), name=chore.name)


async def _repeat(chore: Chore) -> None:
    pause = chore.seconds
    failing = False
    while True:
        chore.early.clear()
        try:
            await chore.work()
        except Exception as error:
            if not failing:
                log.warning("%s failed; still trying: %s", chore.name.capitalize(), error)
            failing, pause = True, max(chore.seconds, min(pause * 2, _LONGEST_PAUSE))
        else:
            if failing:
                log.info("%s works again.", chore.name.capitalize())
            failing, pause = False, chore.seconds
        await _wait(chore.early, pause * random.uniform(0.8, 1.2))  # noqa: S311


async def _wait(early: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await early.wait()
    except TimeoutError:
        return
