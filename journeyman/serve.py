"""``serve``: the API, a worker, a beat and the embedded stores in one process and one event loop."""

import asyncio
import contextlib
import errno
import gc
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator

from agents.auditing import note_settings
from agents.runtime import Runtime
from agents.secrets import known_secrets
from api.app import create_app
from api.keys import KeyStore
from api.server import ApiServer
from journal.errors import ConfigurationError
from journeyman import logs
from journeyman.home import Serving, announced, sole_server
from journeyman.settings import Settings
from trust.redaction import Redactor
from workers.admission import Admission
from workers.app import make_app
from workers.beat import Beat
from workers.chores import chores
from workers.dispatcher import CeleryDispatcher
from workers.worker import Worker

log = logging.getLogger(__name__)


class _Server(ApiServer):
    """Leaves signals to ``serve``."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then hand leases back and return.

    Raises ``ConfigurationError`` for a home that is served already and for an address that cannot be listened on.
    """
    redactor = Redactor(known_secrets(settings))
    logs.configure(redactor)
    stop = _stop_on_signals()
    with sole_server(settings.home), _listening(settings.api.host, settings.api.port) as listener:
        token = secrets.token_urlsafe(32)
        async with _working(settings, redactor) as runtime:
            keys = KeyStore(runtime.database, run_token=token)
            await _show_first_key(keys)
            server = _Server(create_app(runtime, keys, settings.api), settings.api)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            address = _address(listener)
            with announced(settings.home, Serving(address, os.getpid(), token)):
                log.info("ready", extra={"address": address, "home": str(settings.home)})
                warming = asyncio.create_task(_warm(runtime))
                await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
                warming.cancel()
            server.should_exit = True
            await serving
    log.info("stopped")


@contextlib.asynccontextmanager
async def _working(settings: Settings, redactor: Redactor) -> AsyncIterator[Runtime]:
    """A runtime whose tasks are run here, by messages from the broker and what the beat finds."""
    app = make_app(settings.broker_url.get_secret_value())
    admission = Admission(settings.worker.concurrency)
    dispatcher = CeleryDispatcher(app, admission)
    runtime = await Runtime.open(settings, dispatcher=dispatcher, redactor=redactor)
    await note_settings(runtime.audit, settings)
    worker = Worker(app, settings.worker, admission, runtime.drive)
    beat = Beat(chores(runtime, dispatcher, admission, settings.worker))
    beating: asyncio.Task[None] | None = None
    try:
        await runtime.schedules.sync()
        worker.start()
        beating = asyncio.create_task(beat.run())
        yield runtime
    finally:
        if beating is not None:
            beating.cancel()
        await asyncio.gather(worker.aclose(), runtime.aclose())
        dispatcher.close()


async def _warm(runtime: Runtime) -> None:
    """Load the models' SDKs, then tell the garbage collector that all this stays: else it walks through it again and again,
    which costs a fifth of a busy server's time."""
    await runtime.models.open()
    gc.collect()
    gc.freeze()


def _stop_on_signals() -> asyncio.Future[None]:
    """A future that SIGTERM or SIGINT cancels."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.cancel)
    return stop


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None
    with listener:
        if not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
            log.warning("reachable from other machines: anyone with an API key can use it, and traffic is not encrypted")
        yield listener


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use.", hint="Choose another with --port, or stop what uses it."
        )
    return ConfigurationError(
        f"{host}:{port} cannot be listened on: {error.strerror}.", hint="Give --host an address of this machine."
    )


def _address(listener: socket.socket) -> str:
    """The base URL by which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    local = ipaddress.ip_address(host)
    if local.is_unspecified:
        local = ipaddress.ip_address("::1" if local.version == 6 else "127.0.0.1")
    return f"http://[{local}]:{port}" if local.version == 6 else f"http://{local}:{port}"


async def _show_first_key(keys: KeyStore) -> None:
    made = await keys.first_key()
    if made is not None:
        sys.stderr.write(f"The first API key, shown this once: {made.key}\n")
        sys.stderr.flush()
