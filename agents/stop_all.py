"""Stopping everything at once, and letting it go on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journal.kill_switch import KillSwitch
from journal.records import Halt, InboxItem, InboxKind, TaskRecord
from journal.store import Journal

_AT_ONCE = 50

Send = Callable[[str, str, InboxItem], Awaitable[TaskRecord]]
"""``(tenant, task id, mail)``: put it into the inbox and see to it that it is read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The halt in force, if there is one, and how many tasks are still at work."""

    halt: Halt | None
    at_work: int


class StopAll:
    """The kill switch for all tenants and all processes of a database.

    While it is on no task is claimed or submitted. Tasks at work break off their calls and pause within a heartbeat; an
    effect that was under way is settled by the rule of doubt when its task goes on. Who turned it on and off stands in the
    audit log of their tenant.
    """

    def __init__(self, switch: KillSwitch, journal: Journal, send: Send) -> None:
        self._switch = switch
        self._journal = journal
        self._send = send

    async def standing(self) -> Standing:
        """How things stand."""
        return Standing(await self._switch.state(), await self._switch.at_work())

    async def halt(self, tenant: str, *, by: str, via: str, note: str = "") -> Standing:
        """Stop everything. A halt in force already stays as it is."""
        await self._switch.halt(tenant, by=by, via=via, note=note)
        return await self.standing()

    async def lift(self, tenant: str, *, by: str, via: str) -> int:
        """Let everything go on; how many tasks were paused by the halt and are resumed. Those that a person paused rest."""
        await self._switch.lift(tenant, by=by, via=via)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def resume(tenant: str, task_id: str) -> bool:
            async with slots:
                waiting = (await self._journal.record(tenant, task_id)).waiting
                if waiting is None or not waiting.halted:
                    return False
                await self._send(tenant, task_id, InboxItem(InboxKind.RESUME, {"by": by}))
                return True

        return sum(await asyncio.gather(*(resume(*task) for task in await self._switch.paused())))

    async def require_off(self) -> None:
        """Raise ``Conflict`` while everything is stopped."""
        await self._switch.require_off()
