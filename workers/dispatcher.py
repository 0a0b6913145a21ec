"""Rings for workers over Celery."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from journal.crash_points import reach
from workers.app import RUN

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 2.0
"""So long no message is sent after one that the broker did not take: the sweepers see to those tasks."""


class CeleryDispatcher:
    """An ``agents.runtime.Dispatcher``: messages go out from a thread of their own, so the event loop never waits for the
    broker. One that is lost is made good by the sweeper; that the broker is gone, and back, is logged once.
    """

    def __init__(self, app: "Celery", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")
        self._down = False
        self._again_at = 0.0

    async def enqueue(self, task_id: str) -> None:
        """Ring for ``task_id``; returns before the message is out."""
        self._thread.submit(self._publish, task_id)

    def close(self) -> None:
        """Send what is still waiting, then stop."""
        self._thread.shutdown()

    def _publish(self, task_id: str) -> None:
        if self._down and self._clock() < self._again_at:
            return
        try:
            reach("message.sending", task_id)
            self._app.send_task(RUN, args=[task_id], retry=False)
            reach("message.sent", task_id)
        except Exception as error:
            if not self._down:
                log.warning("The broker takes no messages; workers find tasks in the journal meanwhile: %s", error)
            self._down, self._again_at = True, self._clock() + _PAUSE_SECONDS
        else:
            if self._down:
                log.info("The broker takes messages again.")
            self._down = False
