"""A journal that stops taking events behind a chosen commit, as one whose process is killed there."""

from collections.abc import Callable, Sequence
from typing import Any

from journal.errors import StorageUnavailable
from journal.events import Event
from journal.records import InboxItem, Lease, TaskRecord
from journal.store import Appended, Journal


class StoppingJournal:
    """Implements ``journal.store.Journal`` over another one.

    The append number ``at``, counted from 1, is on disk, but whoever made it hears that the database is gone, and so for
    every later one. Leases can be given back, so that a test need not wait until they run out. ``stopped`` tells whether it
    came so far.
    """

    def __init__(self, journal: Journal, at: int) -> None:
        self._journal = journal
        self._left = at

    @property
    def stopped(self) -> bool:
        return self._left <= 0

    async def append(
        self,
        lease: Lease,
        events: Sequence[Event],
        record: TaskRecord,
        *,
        drained: Sequence[InboxItem] = (),
        also: Callable[[Any], None] | None = None,
    ) -> Appended:
        if self.stopped:
            raise StorageUnavailable("The journal was stopped by the test.")
        self._left -= 1
        appended = await self._journal.append(lease, events, record, drained=drained, also=also)
        if self.stopped:
            raise StorageUnavailable("The journal was stopped by the test.")
        return appended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)
