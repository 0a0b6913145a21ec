"""Rings for workers over Celery."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from journal.crash_points import reach
from workers.admission import Admission
from workers.app import RUN

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)


class CeleryDispatcher:
    """An ``agents.runtime.Dispatcher``: messages go out from a thread of their own, so the event loop never waits for the
    broker. One that is lost is logged and made good by the sweeper.
    """

    def __init__(self, app: "Celery", admission: Admission) -> None:
        self._app = app
        self._admission = admission
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")

    async def enqueue(self, task_id: str) -> None:
        """Ring for ``task_id``; returns before the message is out."""
        self._admission.ring(task_id)
        self._thread.submit(self._publish, task_id)

    def close(self) -> None:
        """Send what is still waiting, then stop."""
        self._thread.shutdown()

    def _publish(self, task_id: str) -> None:
        try:
            reach("message.sending", task_id)
            self._app.send_task(RUN, args=[task_id])
            reach("message.sent", task_id)
        except Exception as error:
            log.warning("The broker did not take a message; the sweeper will send it again: %s", error)
