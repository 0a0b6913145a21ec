"""The production topology on one machine: an API, workers and beats as processes of their own, over one database and broker.

    python -m journeyman.testing.topology --database postgresql://me@127.0.0.1/journeyman --broker redis://127.0.0.1:6379

starts it on the configuration of the working folder, says where it is, and stops it on Ctrl-C.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from api.keys import KeyStore
from api.principals import EVERYTHING
from journal.database import Database
from journal.upgrading import upgrade

PROGRAM = Path(sys.executable).with_name("journeyman")
READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class Topology:
    """Processes over one home, as an asynchronous context manager. Their logs lie in ``home/logs``.

    ``variables`` are added to their environment: at least ``JOURNEYMAN_DATABASE_URL`` and ``JOURNEYMAN_BROKER_URL``. Leaving
    the block stops them all, at first gently.
    """

    def __init__(self, home: Path, variables: Mapping[str, str], *, workers: int = 3, beats: int = 2, port: int = 0) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{port or _free_port()}"
        self.workers: list[Process] = []
        self.others: list[Process] = []
        self._variables = {**os.environ, "JOURNEYMAN_HOME": str(home), **variables}
        self._planned = (workers, beats)
        self._started = 0

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(upgrade, self._variables["JOURNEYMAN_DATABASE_URL"])
            self.others.append(await self.start("api", "--port", self.address.rpartition(":")[2]))
            for _ in range(self._planned[0]):
                await self.add_worker()
            for _ in range(self._planned[1]):
                self.others.append(await self.start("beat"))
            await asyncio.gather(*(self._ready(number) for number in range(1, self._started + 1)))
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.stop()

    async def start(self, *arguments: str) -> Process:
        """Start ``journeyman`` with these arguments; it ends with the block."""
        logs = self.home / "logs"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._started += 1
        with self._log(self._started).open("wb") as log:
            return await asyncio.create_subprocess_exec(
                PROGRAM, *arguments, env=self._variables, stdin=DEVNULL, stdout=log, stderr=log
            )

    async def add_worker(self, *arguments: str) -> Process:
        """One more worker; it is ready some moments later."""
        process = await self.start("worker", *arguments)
        self.workers.append(process)
        return process

    async def key(self) -> str:
        """A new API key that may do everything."""
        database = await Database.open(self._variables["JOURNEYMAN_DATABASE_URL"])
        try:
            return (await KeyStore(database).create("topology", scopes=(EVERYTHING,))).key
        finally:
            await database.close()

    async def stop(self) -> None:
        """Stop every process: asked first, killed when it does not listen."""
        processes = [*self.others, *self.workers]
        for process in processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(process.wait() for process in processes))
        for process in processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def logs(self) -> str:
        """What all processes have written so far."""
        return "".join(file.read_text() for file in sorted((self.home / "logs").glob("*.log")))

    def _log(self, number: int) -> Path:
        return self.home / "logs" / f"{number:03}.log"

    async def _ready(self, number: int) -> None:
        async with asyncio.timeout(READY_SECONDS):
            while "ready" not in (said := self._log(number).read_text()):
                if "Error: " in said:
                    raise RuntimeError(said.strip())
                await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def _show(topology: Topology) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with topology:
        workers = ", ".join(str(process.pid) for process in topology.workers)
        sys.stdout.write(
            f"API      {topology.address}\nkey      {await topology.key()}\nworkers  {workers}\n"
            f"logs     {topology.home / 'logs'}\nCtrl-C stops all of it.\n"
        )
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Start what the arguments say, and stop it on Ctrl-C."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m journeyman.testing.topology", description="The production topology.")
    parser.add_argument("--database", required=True, metavar="URL", help="a PostgreSQL database of its own")
    parser.add_argument("--broker", required=True, metavar="URL", help="amqp:// (RabbitMQ) or redis://")
    parser.add_argument("--home", type=Path, default=Path(".journeyman"), help="home folder [default: .journeyman]")
    parser.add_argument("--workers", type=int, default=3, metavar="N")
    parser.add_argument("--beats", type=int, default=2, metavar="N")
    parser.add_argument("--port", type=int, default=8400, help="the API's port [default: 8400]")
    given = parser.parse_args()
    urls = {"JOURNEYMAN_DATABASE_URL": given.database, "JOURNEYMAN_BROKER_URL": given.broker}
    home = given.home.absolute()
    asyncio.run(_show(Topology(home, urls, workers=given.workers, beats=given.beats, port=given.port)))


if __name__ == "__main__":
    main()
