"""A Celery worker in threads of this process: it takes messages in, and the process's one event loop runs the tasks."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from journal.crash_points import reach
from journal.errors import StorageError
from journal.records import TaskRecord
from workers.admission import Admission
from workers.app import RUN, in_process
from workers.settings import WorkerSettings
from workers.tasks import register

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

_STOP_SECONDS = 3.0
_CLAIM_SECONDS = 30.0
"""A message is acknowledged so late at most, should the database hang: the sweeper sees to its task."""


class Drive(Protocol):
    """``Runtime.drive``: run a task until it rests or ends; ``claimed`` is called once it is known whether it is ours."""

    async def __call__(self, task_id: str, *, claimed: Callable[[], None]) -> TaskRecord | None: ...


class Worker:
    """Make it, and ``start`` it, in the event loop that shall run the tasks.

    A pool thread waits for a slot, hands the task to the loop, and acknowledges the message once the task is claimed, so a
    few threads serve any number of tasks; the slot is free again when the coroutine ends. A task that comes back neither
    ended nor waiting could not be worked on, and rests.
    """

    def __init__(self, app: "Celery", settings: WorkerSettings, admission: Admission, drive: Drive) -> None:
        self._app = app
        self._settings = settings
        self._admission = admission
        self._drive = drive
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None
        self._running: set[asyncio.Task[None]] = set()
        register(app, self._accept)

    def start(self) -> None:
        """Begin to take messages, once the broker is there. Until then the sweeper finds the work."""
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

    def take(self, task_id: str) -> bool:
        """Run a task that the sweeper found; ``False`` without a free slot."""
        if not self._admission.take(task_id):
            return False
        self._begin(task_id, threading.Event())
        return True

    async def aclose(self) -> None:
        """Take no more messages. Tasks at work here go on; closing the runtime ends them."""
        self._admission.close()
        if self._thread is not None:
            await asyncio.to_thread(self._stop, self._thread)

    def _stop(self, thread: threading.Thread) -> None:
        """Celery looks at its stop flag between messages only, or every two seconds: where nobody else gets them, give it
        messages to wake up for."""
        from celery.worker import state

        state.should_stop = 0
        alone = in_process(str(self._app.conf.broker_url))
        deadline = time.monotonic() + _STOP_SECONDS
        while thread.is_alive() and time.monotonic() < deadline:
            if alone:
                self._app.send_task(RUN, args=[""])
            thread.join(0.05)
        state.should_stop = None

    def _accept(self, task_id: str) -> None:
        reach("message.taken", task_id)
        if self._admission.admit(task_id):
            claimed = threading.Event()
            self._loop.call_soon_threadsafe(self._begin, task_id, claimed)
            claimed.wait(_CLAIM_SECONDS)
            reach("message.accepted", task_id)

    def _begin(self, task_id: str, claimed: threading.Event) -> None:
        task = self._loop.create_task(self._run(task_id, claimed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, task_id: str, claimed: threading.Event) -> None:
        failed = True
        try:
            record = await self._drive(task_id, claimed=claimed.set)
            failed = record is not None and not (record.status.ended or record.waiting)
        except StorageError as error:
            log.warning("The journal refused; the task is tried again after a rest: %s", error, extra={"task_id": task_id})
        except Exception:
            log.exception("A task could not be run here; it is tried again after a rest.", extra={"task_id": task_id})
        finally:
            claimed.set()
            self._admission.leave(task_id, failed=failed)
