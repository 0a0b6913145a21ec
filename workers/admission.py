"""Which tasks this process works on, and which it has been rung for. Safe to use from any thread."""

import threading
import time
from collections.abc import Callable

_RING_SECONDS = 30.0
"""A ring nobody answered for this long is taken for lost (another process may have had the message and died)."""
_LONGEST_REST = 60.0


class Admission:
    """A fixed number of slots, one for each task at work here.

    A task is *rung* for when a message about it is on its way, *admitted* while it holds a slot, and *resting* for a
    while after it failed to run, longer each time, so that a task that cannot run does not keep everybody busy.
    """

    def __init__(self, slots: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._slots = slots
        self._clock = clock
        self._changed = threading.Condition()
        self._rung: dict[str, float] = {}
        self._admitted: set[str] = set()
        self._rests: dict[str, tuple[float, float]] = {}
        self._closed = False

    def ring(self, task_id: str) -> None:
        """A message about the task is on its way."""
        with self._changed:
            self._rung[task_id] = self._clock()

    def is_due(self, task_id: str) -> bool:
        """Whether a runnable task should be rung for: it is not here, not on its way and not resting."""
        now = self._clock()
        with self._changed:
            return not (
                task_id in self._admitted
                or now - self._rung.get(task_id, -_RING_SECONDS) < _RING_SECONDS
                or now < self._rests.get(task_id, (0.0, 0.0))[0]
            )

    def admit(self, task_id: str) -> bool:
        """Wait for a slot and take it; ``False`` if the task is already here or the doors have closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or task_id in self._admitted or len(self._admitted) < self._slots)
            self._rung.pop(task_id, None)
            if self._closed or task_id in self._admitted:
                return False
            self._admitted.add(task_id)
            return True

    def leave(self, task_id: str, *, failed: bool = False) -> None:
        """Free the task's slot. After a failure it rests for a second, then two, then four, up to a minute."""
        with self._changed:
            self._admitted.discard(task_id)
            if failed:
                rest = min(self._rests.get(task_id, (0.0, 0.5))[1] * 2, _LONGEST_REST)
                self._rests[task_id] = (self._clock() + rest, rest)
            else:
                self._rests.pop(task_id, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Admit nobody any more; those who wait are sent away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
