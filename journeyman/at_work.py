"""The parts that the long-running processes are put together from: a runtime that rings, one that works, and their end."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from agents.auditing import note_settings
from agents.runtime import Runtime
from journal.errors import ConfigurationError
from journeyman.settings import Settings
from memory.absent import AbsentMemory
from memory.items import Memory
from trust.redaction import Redactor
from workers.admission import Admission
from workers.app import check_broker, in_process, make_app
from workers.beat import Beat, Chore
from workers.chores import chores, sweeping
from workers.dispatcher import CeleryDispatcher
from workers.worker import Worker

log = logging.getLogger(__name__)


@asynccontextmanager
async def ringing(settings: Settings, redactor: Redactor) -> AsyncIterator[Runtime]:
    """A runtime that runs no task itself: it rings for the workers."""
    dispatcher = CeleryDispatcher(make_app(settings.broker_url.get_secret_value(), settings.worker))
    runtime = await Runtime.open(settings, dispatcher=dispatcher, memory=shared_memory(settings), redactor=redactor)
    try:
        await note_settings(runtime.audit, settings)
        yield runtime
    finally:
        await runtime.aclose()
        dispatcher.close()


@asynccontextmanager
async def working(
    settings: Settings, redactor: Redactor, *, memory: Memory | None = None, with_chores: bool = True
) -> AsyncIterator[Runtime]:
    """A runtime whose tasks are run here, by messages from the broker and what the sweeper finds. Its memory is the home's
    own, unless one is given; ``with_chores``: it does a beat's chores as well."""
    app = make_app(settings.broker_url.get_secret_value(), settings.worker)
    admission = Admission(settings.worker.concurrency)
    dispatcher = CeleryDispatcher(app)
    runtime = await Runtime.open(
        settings, dispatcher=dispatcher, memory=memory, redactor=redactor, queues=settings.worker.queues
    )
    worker = Worker(app, settings.worker, admission, runtime.drive)
    try:
        await note_settings(runtime.audit, settings)
        async with AsyncExitStack() as stack:
            if with_chores:
                await runtime.schedules.sync()
                await stack.enter_async_context(beating(chores(runtime, settings.worker)))
            worker.start()
            await stack.enter_async_context(beating([sweeping(runtime, worker, admission, settings.worker)]))
            yield runtime
    finally:
        await asyncio.gather(worker.aclose(), runtime.aclose())
        dispatcher.close()


@asynccontextmanager
async def beating(chores: Sequence[Chore]) -> AsyncIterator[None]:
    """Do these chores for as long as the block runs."""
    beat = asyncio.create_task(Beat(chores).run())
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


def shared_memory(settings: Settings) -> Memory | None:
    """What one of many processes has for memory: ``None`` is the Qdrant server's, which the runtime opens; without a server
    there can be none."""
    return AbsentMemory() if settings.memory_server is None else None


def require_shared_broker(settings: Settings, process: str) -> None:
    """Raise ``ConfigurationError`` where this process could not be reached by the others."""
    if in_process(settings.broker_url.get_secret_value()):
        raise ConfigurationError(
            f"`{process}` needs a broker that other processes reach; memory:// stays inside `serve`.",
            hint="Set broker_url to amqp://user@host (RabbitMQ) or redis://host:6379, or use `journeyman serve`.",
        )
    if settings.database_url is None:
        log.warning("the journal is a SQLite file: this process and the others must run on one machine")


async def tell_of_the_broker(settings: Settings) -> None:
    """Say in the log what is wrong with the broker, if something is. The process goes on: it connects when it can."""
    problem = await asyncio.to_thread(check_broker, settings.broker_url.get_secret_value())
    if problem is not None:
        log.warning("%s; trying again. Until then tasks are found in the journal.", problem)


async def warm(runtime: Runtime) -> None:
    """Load the models' SDKs, then tell the garbage collector that all this stays: else it walks through it again and again,
    which costs a fifth of a busy server's time."""
    await runtime.models.open()
    gc.collect()
    gc.freeze()


def stop_on_signals() -> asyncio.Future[None]:
    """A future that SIGTERM or SIGINT cancels."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.cancel)
    return stop
