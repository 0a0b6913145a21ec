"""The processes: ``serve`` is all in one; ``api``, ``worker`` and ``beat`` are its parts, for many processes and machines."""

import asyncio
import logging
import os
import secrets
import socket

from agents.runtime import Runtime
from agents.secrets import known_secrets
from api.app import create_app
from api.keys import KeyStore
from journeyman import logs
from journeyman.at_work import (
    beating,
    require_shared_broker,
    ringing,
    shared_memory,
    stop_on_signals,
    tell_of_the_broker,
    warm,
    working,
)
from journeyman.home import Serving, announced, prepare, sole_server
from journeyman.listening import Server, address_of, listening, show_first_key
from journeyman.settings import Settings
from workers.chores import chores

log = logging.getLogger(__name__)


async def serve(settings: Settings) -> None:
    """The API, a worker, its sweeper and the embedded stores, until SIGTERM or SIGINT; then leases are handed back.

    Raises ``ConfigurationError`` for a home that is served already and for an address that cannot be listened on.
    """
    redactor = logs.configure(known_secrets(settings))
    stop = stop_on_signals()
    with sole_server(settings.home), listening(settings.api.host, settings.api.port) as listener:
        token = secrets.token_urlsafe(32)
        async with working(settings, redactor) as runtime:
            keys = KeyStore(runtime.database, run_token=token)
            await show_first_key(keys)
            address = address_of(listener)
            with announced(settings.home, Serving(address, os.getpid(), token)):
                log.info("ready", extra={"address": address, "home": str(settings.home)})
                warming = asyncio.create_task(warm(runtime))
                await _answer(settings, runtime, keys, listener, stop)
                warming.cancel()
    log.info("stopped")


async def api(settings: Settings) -> None:
    """The API alone, until SIGTERM or SIGINT: tasks are run by workers. Any number of them may share a database.

    Raises ``ConfigurationError`` for a broker that no worker shares and for an address that cannot be listened on.
    """
    redactor = logs.configure(known_secrets(settings))
    require_shared_broker(settings, "journeyman api")
    stop = stop_on_signals()
    prepare(settings.home)
    with listening(settings.api.host, settings.api.port) as listener:
        async with ringing(settings, redactor) as runtime:
            keys = KeyStore(runtime.database)
            await show_first_key(keys)
            await tell_of_the_broker(settings)
            log.info("ready", extra={"address": address_of(listener)})
            await _answer(settings, runtime, keys, listener, stop)
    log.info("stopped")


async def worker(settings: Settings) -> None:
    """Tasks, one after the other and many at once, until SIGTERM or SIGINT; then leases are handed back.

    Raises ``ConfigurationError`` for a broker that is not shared.
    """
    redactor = logs.configure(known_secrets(settings))
    require_shared_broker(settings, "journeyman worker")
    stop = stop_on_signals()
    prepare(settings.home)
    async with working(settings, redactor, memory=shared_memory(settings), with_chores=False) as runtime:
        log.info("ready", extra={"concurrency": settings.worker.concurrency})
        starting = asyncio.gather(tell_of_the_broker(settings), warm(runtime))
        await asyncio.wait([stop])
        starting.cancel()
    log.info("stopped")


async def beat(settings: Settings) -> None:
    """What has its time (schedules, deliveries), until SIGTERM or SIGINT. Any number of them may share a database: each fire
    makes one task.

    Raises ``ConfigurationError`` for a broker that is not shared.
    """
    redactor = logs.configure(known_secrets(settings))
    require_shared_broker(settings, "journeyman beat")
    stop = stop_on_signals()
    prepare(settings.home)
    async with ringing(settings, redactor) as runtime:
        await runtime.schedules.sync()
        async with beating(chores(runtime, settings.worker)):
            log.info("ready")
            telling = asyncio.create_task(tell_of_the_broker(settings))
            await asyncio.wait([stop])
            telling.cancel()
    log.info("stopped")


async def _answer(
    settings: Settings, runtime: Runtime, keys: KeyStore, listener: socket.socket, stop: asyncio.Future[None]
) -> None:
    """Serve the API until told to stop, or until the server ends by itself."""
    server = Server(create_app(runtime, keys, settings.api), settings.api)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
