"""Holding tasks: claim, keep the lease by heartbeats, hand it back."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from agents.feed import Feed
from agents.inbox import absorb
from agents.task_log import Outbox, TaskLog, no_outbox
from journal.errors import NotFound, StaleLease, StorageError
from journal.limits import Terms
from journal.records import InboxItem, Lease
from journal.store import Journal

HEARTBEAT_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Holder:
    """All tasks that this process holds. One heartbeat renews all their leases and brings their mail."""

    def __init__(self, journal: Journal, feed: Feed, *, lease_seconds: float, outbox: Outbox = no_outbox) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._journal = journal
        self._feed = feed
        self._lease_seconds = lease_seconds
        self._outbox = outbox
        self._held: dict[str, TaskLog] = {}
        self._stranded: list[Lease] = []
        """Leases that the database would not take back; every heartbeat tries again, or it would renew them for ever."""
        self._heart: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold(self, task_id: str, terms: Terms | None = None) -> AsyncIterator[TaskLog | None]:
        """Claim a task for as long as the block runs; ``None`` if another worker has it, or if the terms under which it shall
        be worked on do not allow it.

        The lease is handed back on leaving, unless it is stale; where the database refuses, as soon as it does not.
        """
        log = await self._taken(task_id, terms)
        if log is None:
            yield None
            return
        self._held[task_id] = log
        self._beat()
        try:
            yield log
        finally:
            self._held.pop(task_id, None)
            await self._hand_back(log)

    async def nudge(self, task_id: str) -> bool:
        """Fetch the mail of a task held here at once, instead of with the next heartbeat. ``False``: not held here."""
        log = self._held.get(task_id)
        if log is not None:
            log.deliver(await self._journal.inbox(log.lease))
        return log is not None

    async def release(self, log: TaskLog) -> bool:
        """Hand the lease back while the block still runs; ``False`` if mail came in and the holder must go on."""
        if await self._journal.release(log.lease):
            log.released = True
            return True
        log.deliver(await self._journal.inbox(log.lease))
        return False

    async def aclose(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)

    async def _taken(self, task_id: str, terms: Terms | None) -> TaskLog | None:
        """Claim a task and read it. Who is cancelled meanwhile hands back what was claimed all the same."""
        taking = asyncio.ensure_future(self._take(task_id, terms))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            log = await taking
            if log is not None:
                await self._hand_back(log)
            raise

    async def _take(self, task_id: str, terms: Terms | None) -> TaskLog | None:
        asked_at = time.monotonic()
        lease = await self._journal.claim(task_id, self.owner, terms)
        if lease is None:
            return None
        try:
            events = await self._journal.read(lease.tenant, task_id)
            log = TaskLog(self._journal, self._feed, lease, events, lease_seconds=self._lease_seconds, outbox=self._outbox)
            log.renewed(asked_at)
            log.deliver(await self._journal.inbox(lease))
        except Exception:
            await self._drop(lease)
            raise
        return log

    async def _hand_back(self, log: TaskLog) -> None:
        if log.released:
            return
        left: tuple[InboxItem, ...] = ()
        try:
            while not await self._journal.release(log.lease):
                left, before = await self._journal.inbox(log.lease), left
                if left == before:
                    break
                log.deliver(left)
                absorb(log)
                await log.commit()
            else:
                return
        except (StaleLease, StorageError, NotFound) as error:
            logger.info("mail was left for the next holder: %s", error, extra={"task_id": log.lease.task_id})
        await self._drop(log.lease)

    async def _drop(self, lease: Lease) -> None:
        """Give back a lease whose journal cannot be written now, mail or not: the task is runnable again."""
        try:
            await self._journal.release(lease, leave_mail=True)
        except StorageError:
            self._stranded.append(lease)
            self._beat()

    def _beat(self) -> None:
        if self._heart is None or self._heart.done():
            self._heart = asyncio.create_task(self._heartbeats(), name="heartbeat")

    async def _heartbeats(self) -> None:
        """Runs while anything is held. Without a heartbeat for the lease time everything held is given up."""
        renewed = time.monotonic()
        while self._held or self._stranded:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            before, asked_at = dict(self._held), time.monotonic()
            try:
                beat = await self._journal.heartbeat(self.owner)
            except StorageError as error:
                logger.warning("heartbeat failed: %s", error)
                if time.monotonic() - renewed > self._lease_seconds:
                    _give_up(before.values())
                continue
            renewed = time.monotonic()
            _give_up(log for task_id, log in before.items() if task_id not in beat.held and not log.released)
            for task_id in beat.held & before.keys():
                before[task_id].renewed(asked_at)
                if beat.halt is not None:
                    before[task_id].stop(beat.halt)
            for task_id, items in beat.inboxes.items():
                if (log := self._held.get(task_id)) is not None:
                    log.deliver(items)
            stranded, self._stranded = self._stranded, []
            for lease in stranded:
                await self._drop(lease)


def _give_up(logs: Iterable[TaskLog]) -> None:
    for log in logs:
        log.lose()
