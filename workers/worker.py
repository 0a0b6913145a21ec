"""A Celery worker in threads of this process: it takes messages in, and the process's one event loop runs the tasks."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from journal.crash_points import reach
from journal.errors import StorageError
from journal.records import TaskRecord
from workers.admission import Admission
from workers.app import RUN
from workers.settings import WorkerSettings
from workers.tasks import register

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

Drive = Callable[[str], Awaitable[TaskRecord | None]]

_STOP_SECONDS = 3.0


class Worker:
    """Make it, and ``start`` it, in the event loop that shall run the tasks.

    ``drive`` is ``Runtime.drive``. A pool thread only waits for a slot and hands the task to the loop, so a few threads
    serve any number of tasks; the slot is free again when the coroutine ends. A task that comes back neither ended nor
    waiting could not be worked on, and rests.
    """

    def __init__(self, app: "Celery", settings: WorkerSettings, admission: Admission, drive: Drive) -> None:
        self._app = app
        self._settings = settings
        self._admission = admission
        self._drive = drive
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None
        register(app, self._accept)

    def start(self) -> None:
        """Begin to take messages."""
        self._app.set_default()  # Celery's pool threads look their application up
        controller = self._app.WorkController(
            app=self._app,
            pool_cls="threads",
            concurrency=self._settings.pool_threads,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._thread = threading.Thread(target=controller.start, name="celery", daemon=True)
        self._thread.start()

    async def aclose(self) -> None:
        """Take no more messages. Tasks at work here go on; closing the runtime ends them."""
        self._admission.close()
        if self._thread is not None:
            await asyncio.to_thread(self._stop, self._thread)

    def _stop(self, thread: threading.Thread) -> None:
        """Celery looks at its stop flag between messages only, or every two seconds: give it messages to wake up for."""
        from celery.worker import state

        state.should_stop = 0
        deadline = time.monotonic() + _STOP_SECONDS
        while thread.is_alive() and time.monotonic() < deadline:
            self._app.send_task(RUN, args=[""])
            thread.join(0.05)
        state.should_stop = None

    def _accept(self, task_id: str) -> None:
        reach("message.taken", task_id)
        if self._admission.admit(task_id):
            asyncio.run_coroutine_threadsafe(self._run(task_id), self._loop)
            reach("message.accepted", task_id)

    async def _run(self, task_id: str) -> None:
        failed = True
        try:
            record = await self._drive(task_id)
            failed = record is not None and not (record.status.ended or record.waiting)
        except StorageError as error:
            log.warning("The journal refused; the task is tried again after a rest: %s", error, extra={"task_id": task_id})
        except Exception:
            log.exception("A task could not be run here; it is tried again after a rest.", extra={"task_id": task_id})
        finally:
            self._admission.leave(task_id, failed=failed)
