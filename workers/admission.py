"""Which tasks this process works on, and who gets a slot when there are too few. Safe to use from any thread."""

import threading
import time
from collections.abc import Callable

_LONGEST_REST = 60.0
_PATIENCE_SECONDS = 2.0
"""So long a message waits for a crowd to thin out before it is turned away."""


def _nobody() -> None:
    return


class Admission:
    """A fixed number of slots, one for each task at work here.

    While slots are free, whoever comes takes one. Once somebody found none free it is *crowded*: messages are turned away,
    and slots go to those the sweeper finds in the journal, which knows whose turn it is. The sweeper ends that state when
    it finds no more tasks than slots. A task that failed to run *rests* for a while, longer each time, so that it does not
    keep everybody busy. ``on_room`` is called when a slot becomes free in a crowd.
    """

    def __init__(
        self, slots: int, *, patience: float = _PATIENCE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slots = slots
        self._patience = patience
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self._admitted: set[str] = set()
        self._rests: dict[str, tuple[float, float]] = {}
        self._turned_away = 0
        self._crowded = False
        self._closed = False
        self.on_room: Callable[[], None] = _nobody

    @property
    def free(self) -> int:
        """How many slots are free now."""
        with self._changed:
            return 0 if self._closed else self._slots - len(self._admitted)

    @property
    def resting(self) -> int:
        """How many tasks rest now."""
        with self._changed:
            now = self._clock()
            return sum(now < until for until, _ in self._rests.values())

    @property
    def turned_away(self) -> int:
        """How many messages have been turned away for want of a slot."""
        with self._changed:
            return self._turned_away

    def is_due(self, task_id: str) -> bool:
        """Whether a runnable task should be taken: it is not here and not resting."""
        with self._changed:
            return task_id not in self._admitted and self._clock() >= self._rests.get(task_id, (0.0, 0.0))[0]

    def take(self, task_id: str) -> bool:
        """Take a free slot for a task whose turn it is; ``False`` if there is none, or the task is here already."""
        with self._changed:
            if self._closed or task_id in self._admitted or len(self._admitted) >= self._slots:
                return False
            self._admitted.add(task_id)
            return True

    def admit(self, task_id: str) -> bool:
        """Take a slot for a task that a message named. Where slots are short, wait until one was given to whoever's turn it
        is, so that other workers get the next message, and answer ``False``; so also for a task that is here already."""
        with self._changed:
            if not self._crowded and self.take(task_id):
                return True
            if self._closed or task_id in self._admitted:
                return False
            self._crowded = True
            self._turned_away += 1
            self._changed.wait(self._patience)
            return False

    def thinned_out(self, turned_away: int) -> None:
        """The journal holds no more tasks than there are slots, as of when ``turned_away`` was read."""
        with self._changed:
            if turned_away == self._turned_away:
                self._crowded = False

    def leave(self, task_id: str, *, failed: bool = False) -> None:
        """Free the task's slot. After a failure it rests for a second, then two, then four, up to a minute."""
        with self._changed:
            self._admitted.discard(task_id)
            if failed:
                rest = min(self._rests.get(task_id, (0.0, 0.5))[1] * 2, _LONGEST_REST)
                self._rests[task_id] = (self._clock() + rest, rest)
            else:
                self._rests.pop(task_id, None)
            crowded = self._crowded
            self._changed.notify_all()
        if crowded:
            self.on_room()

    def close(self) -> None:
        """Admit nobody any more; those who wait are sent away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
