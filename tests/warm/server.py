"""Runs the command ``journeyman`` in processes that are forked from one that has imported everything already.

A command is a process of its own with its own folder, environment, pipes, signals and exit code, but need not spend a second
or two on importing what its hundred siblings import too. Which modules a command imports by itself is for other tests, which
start the installed program. ``python server.py SOCKET`` listens, ``client.py`` is what a test starts.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable

PRELOADED = (
    "agents.runtime",
    "alembic.command",
    "api.app",
    "celery.worker",
    "journeyman.connection",
    "journeyman.memory_over_http",
    "journeyman.serve",
    "journeyman.settings",
    "kombu.transport.memory",
    "llm.providers.openai_sdk",
    "llm.providers.rehearsal",
    "sqlalchemy.dialects.sqlite",
    "typer.main",
    "uvicorn.protocols.http.auto",
)
"""Beside the modules of all commands."""


def main(address: str) -> None:
    """Serve until the one who started this goes away; in a forked child, return to run the command and exit as it does."""
    _preload()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        start = _Server(listener).run()
    if start is not None:
        start()


def _preload() -> None:
    from journeyman.cli.main import COMMANDS

    for module in (*COMMANDS.values(), *PRELOADED):
        importlib.import_module(module)
    assert threading.active_count() == len(os.listdir("/proc/self/task")) == 1, "only one thread survives a fork"
    gc.freeze()


class _Server:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()

    def run(self) -> Callable[[], None] | None:
        """``None`` when standard input ends; in a child what is left to do there."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return None
                if (child := key.data()) is not None:
                    return child  # type: ignore[no-any-return]

    def _accept(self) -> Callable[[], None] | None:
        client, _ = self._listener.accept()
        asked, files = _read(client)
        pid = os.fork() if asked is not None else None
        if asked is not None and pid == 0:
            self._selector.close()
            self._listener.close()
            client.close()
            return lambda: _become(asked, files)
        for file in files:
            os.close(file)
        if pid is None:
            client.close()
        else:
            self._watch(pid, client)
        return None

    def _watch(self, pid: int, client: socket.socket) -> None:
        """Tell the client of the child's end; pass its signals on, and when it is gone without a word, kill the child."""
        child = os.pidfd_open(pid)

        def ended() -> None:
            _, status = os.waitpid(pid, 0)
            with contextlib.suppress(OSError):
                client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            self._selector.unregister(child)
            os.close(child)
            with contextlib.suppress(KeyError):
                self._selector.unregister(client)
            client.close()

        def told() -> None:
            if client.fileno() < 0:
                return  # the child's end was seen in the same round
            try:
                numbers = client.recv(16)
            except ConnectionError:
                numbers = b""
            for number in numbers or [signal.SIGKILL]:
                signal.pidfd_send_signal(child, number)
            if not numbers:
                self._selector.unregister(client)

        self._selector.register(child, selectors.EVENT_READ, ended)
        self._selector.register(client, selectors.EVENT_READ, told)


def _read(client: socket.socket) -> tuple[dict[str, object] | None, list[int]]:
    """What a client asks for, ``None`` when it went away while it asked; and its files."""
    message, files, _, _ = socket.recv_fds(client, 8, 3)
    body = b""
    while message and len(body) < int(message):
        if not (part := client.recv(int(message) - len(body))):
            return None, files
        body += part
    return json.loads(body) if message else None, files


def _become(asked: dict[str, object], files: list[int]) -> None:
    """Turn this child into the command as its starter wants it."""
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    # What a shell starts in the background ignores interrupts, and hands that down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    sys.argv = ["journeyman", *asked["arguments"]]  # type: ignore[misc]
    from journeyman.cli.main import main as command

    command()


if __name__ == "__main__":
    main(sys.argv[1])
