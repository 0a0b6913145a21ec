"""News of tasks that run in this process: committed events and pieces of text as a model writes them.

Best effort on purpose: whoever misses something reads the journal.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from journal.events import Event
from journal.projection import TaskState

QUEUE_LIMIT = 4096

T = TypeVar("T")


class Feed:
    """Publish and subscribe by task id, within one event loop."""

    def __init__(self) -> None:
        self._events: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._deltas: defaultdict[str, set[asyncio.Queue[str | None]]] = defaultdict(set)
        self.heeding: list[Callable[[TaskState, Sequence[Event]], None]] = []
        """Called with each task's state and the events that were just committed. They return at once and do not raise."""

    def publish(self, task_id: str, events: Sequence[Event]) -> None:
        for queue in self._events.get(task_id, ()):
            for event in events:
                _offer(queue, event)

    def tell(self, state: TaskState, events: Sequence[Event]) -> None:
        """Tell those who heed every task."""
        for heed in self.heeding:
            heed(state, events)

    def publish_delta(self, task_id: str, text: str | None) -> None:
        """``None`` says that no more text comes for now."""
        for queue in self._deltas.get(task_id, ()):
            _offer(queue, text)

    def wants_deltas(self, task_id: str) -> bool:
        """Whether somebody watches the text grow; nobody watching, models are asked without streaming."""
        return task_id in self._deltas

    @contextmanager
    def events(self, task_id: str) -> Iterator[asyncio.Queue[Event]]:
        with _subscribed(self._events, task_id) as queue:
            yield queue

    @contextmanager
    def deltas(self, task_id: str) -> Iterator[asyncio.Queue[str | None]]:
        with _subscribed(self._deltas, task_id) as queue:
            yield queue


@contextmanager
def _subscribed(topics: "defaultdict[str, set[asyncio.Queue[T]]]", topic: str) -> Iterator["asyncio.Queue[T]"]:
    queue: asyncio.Queue[T] = asyncio.Queue(QUEUE_LIMIT)
    topics[topic].add(queue)
    try:
        yield queue
    finally:
        topics[topic].discard(queue)
        if not topics[topic]:
            del topics[topic]


def _offer(queue: "asyncio.Queue[T]", item: T) -> None:
    """A follower too slow for its queue misses items here and finds them in the journal."""
    if not queue.full():
        queue.put_nowait(item)
