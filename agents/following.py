"""Following a task live: what is in the journal, then what comes, each event once and in order."""

import asyncio
from collections.abc import AsyncIterator

from agents.feed import Feed
from journal import events as ev
from journal.events import Event
from journal.store import Journal

PAGE = 500
LOOK_SECONDS = 0.5
"""How often the journal itself is looked at, for tasks that another process runs."""

_TERMINAL = (ev.TaskCompleted, ev.TaskFailed, ev.TaskCanceled, ev.TaskRejected)


async def follow(journal: Journal, feed: Feed, tenant: str, task_id: str, after: int) -> AsyncIterator[Event]:
    """Events from behind ``after``; ends behind the terminal event, or at once behind the last one of an ended task."""
    with feed.events(task_id) as news:
        while True:
            page = await journal.read(tenant, task_id, after=after, limit=PAGE)
            for event in page:
                after = event.seq
                yield event
                if isinstance(event.data, _TERMINAL):
                    return
            if len(page) < PAGE:
                record = await journal.record(tenant, task_id)
                if record.status.ended and record.last_seq == after:
                    return
                async for event in _live(journal, news, tenant, task_id, after):
                    after = event.seq
                    yield event
                    if isinstance(event.data, _TERMINAL):
                        return


async def _live(journal: Journal, news: asyncio.Queue[Event], tenant: str, task_id: str, after: int) -> AsyncIterator[Event]:
    """News that continue the sequence; ends when the journal has to be read again."""
    while True:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                event = await news.get()
        except TimeoutError:
            if await journal.last_seq(tenant, task_id) > after:
                return
            continue
        if event.seq > after + 1:
            return
        if event.seq == after + 1:
            after = event.seq
            yield event
