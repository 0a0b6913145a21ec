"""The process side of a connection: a program that is spoken to over its stdin and stdout; its stderr goes to the log."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from tools.mcp.errors import Unreachable
from tools.mcp.settings import McpServerSettings
from tools.mcp.variables import variable_value

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

logger = logging.getLogger(__name__)

MAX_LINE = 2_000
_LAST_WORDS_SECONDS = 0.5


@asynccontextmanager
async def stdio_transport(name: str, settings: McpServerSettings) -> AsyncIterator["TransportStreams"]:
    """The streams of one run of the program, which is ended with the block. Raises ``Unreachable`` where it does not start."""
    from mcp.client.stdio import StdioServerParameters, stdio_client

    assert settings.command is not None
    given = {variable: variable_value(variable) for variable in settings.env_from}
    program = StdioServerParameters(
        command=settings.command,
        args=list(settings.args),
        env={**given, **settings.env},
        encoding_error_handler="replace",
    )
    async with _logged(name) as errors, AsyncExitStack() as stack:
        try:
            streams = await stack.enter_async_context(stdio_client(program, errlog=errors))
        except FileNotFoundError:
            raise Unreachable(f"there is no program `{settings.command}`") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"`{settings.command}` cannot be started: {error}") from None
        finally:
            errors.close()
        yield streams


@asynccontextmanager
async def _logged(name: str) -> AsyncIterator[TextIO]:
    """A file for the program's stderr; each line of it is logged."""
    reading, writing = os.pipe()
    lines = _Lines(name)
    pipe = os.fdopen(reading, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: lines, pipe)
    try:
        with os.fdopen(writing, "w") as file:
            yield file
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await lines.ended.wait()
        transport.close()


class _Lines(asyncio.Protocol):
    def __init__(self, name: str) -> None:
        self.ended = asyncio.Event()
        self._name = name
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:MAX_LINE]
        for line in lines:
            self._log(line)

    def connection_lost(self, exc: Exception | None) -> None:
        self._log(self._rest)
        self.ended.set()

    def _log(self, line: bytes) -> None:
        text = line[:MAX_LINE].decode("utf-8", "replace").strip()
        if text:
            logger.info("%s", text, extra={"mcp_server": self._name})
