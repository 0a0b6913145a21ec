"""All MCP servers that the operator configured, as one source of tools for the registry."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mcp.pins import Pins
from tools.mcp.server import Server, Terms
from tools.mcp.settings import McpServerSettings
from tools.types import Absent, Tool

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

PINS_FILE = "mcp_pins.json"


class McpServers:
    """Implements ``ToolSource``. Nothing is connected to before ``refresh``."""

    def __init__(self, servers: Mapping[str, McpServerSettings], pins: Pins) -> None:
        self.servers = {name: Server(name, terms_of(name, settings), pins.judge) for name, settings in servers.items()}
        self._later: set[asyncio.Task[None]] = set()

    async def refresh(self, patterns: Sequence[str] | None = None) -> None:
        """Bring the servers up to date that the names or patterns could mean, all at once.

        A server is waited for the first time only; one that failed is tried again beside what goes on.
        """
        wanted = [server for server in self.servers.values() if patterns is None or _meant(server.name, patterns)]
        for server in wanted:
            if server.asked and server.problem is not None:
                self._spawn(server)
        await asyncio.gather(*(s.refresh() for s in wanted if not s.asked or s.problem is None))

    def tools(self) -> dict[str, Tool]:
        return {name: tool for server in self.servers.values() for name, tool in server.tools.items()}

    def absent(self) -> list[Absent]:
        return [absent for server in self.servers.values() for absent in server.absent]

    def may_hold(self, pattern: str) -> bool:
        """Whether a name or pattern could mean tools of a server that are absent now."""
        return any(fnmatchcase(pattern, absent.name) or fnmatchcase(absent.name, pattern) for absent in self.absent())

    async def aclose(self) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await asyncio.gather(*(server.aclose() for server in self.servers.values()))

    def _spawn(self, server: Server) -> None:
        task = asyncio.create_task(server.refresh(), name=f"mcp-{server.name}-again")
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def mcp_servers(servers: Mapping[str, McpServerSettings], home: Path, *, learns: bool = True) -> McpServers | None:
    """The source for what is configured; ``None`` for nothing. With ``learns=False`` no pin is written."""
    return McpServers(servers, Pins(home / PINS_FILE, learns=learns)) if servers else None


def terms_of(name: str, settings: McpServerSettings) -> Terms:
    return Terms(
        place=settings.place,
        transport=partial(_transport, name, settings),
        trust=settings.trust,
        visibility=settings.reads,
        start_seconds=settings.start_seconds,
        timeout_seconds=settings.timeout_seconds,
    )


def _transport(name: str, settings: McpServerSettings) -> AbstractAsyncContextManager["TransportStreams"]:
    if settings.url is None:
        from tools.mcp.stdio_transport import stdio_transport

        return stdio_transport(name, settings)
    from tools.mcp.http_transport import http_transport

    return http_transport(settings.url, settings.headers_env, None)


def _meant(server: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(server, pattern.partition(".")[0]) for pattern in patterns)
