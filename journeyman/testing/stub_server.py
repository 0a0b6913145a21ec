"""``python -m journeyman.testing.stub_server --port N --script FILE.json``: the stub server for other processes.

Prints its base URL as the first line and serves until it is interrupted. The script's form is in
``journeyman.testing.stub.script``.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from journal.errors import JourneymanError
from journeyman.testing.stub.script import Script
from journeyman.testing.stub.server import StubServer

__all__ = ["StubServer", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 2 for a bad script or a port that is taken."""
    parser = argparse.ArgumentParser(prog="python -m journeyman.testing.stub_server", description="A scripted model server.")
    parser.add_argument("--script", type=Path, required=True, help="a JSON file of rules")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args(argv)
    try:
        asyncio.run(_serve(StubServer(Script.load(options.script), host=options.host, port=options.port)))
    except JourneymanError as error:
        sys.stderr.write(f"{error.message} {error.hint}".rstrip() + "\n")
        return 2
    return 0


async def _serve(stub: StubServer) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with stub:
        sys.stdout.write(f"{stub.url}\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
