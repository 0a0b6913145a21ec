"""Servers that come with one task: never trusted, private addresses refused, connected to only while the task is worked on."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from journal.errors import InvalidInput
from journal.values import TaskServer
from tools.addresses import AllowList
from tools.errors import ToolError
from tools.http_guard import Resolver, checked_url, system_resolver
from tools.mcp.server import Server, Terms
from tools.settings import ToolSettings
from trust.labels import Trust, Visibility

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mcp.client._transport import TransportStreams

START_SECONDS = 10.0
TIMEOUT_SECONDS = 60.0


class TaskServers:
    """Checks what a request brings, and connects to it for a task."""

    def __init__(self, settings: ToolSettings, taken: Collection[str], *, resolve: Resolver = system_resolver) -> None:
        """``taken`` are the names of the servers that are configured."""
        self._settings = settings.mcp
        self._http = settings.http
        self._taken = frozenset(taken)
        self._resolve = resolve

    def check(self, servers: Sequence[TaskServer]) -> None:
        """Raises ``InvalidInput`` for a name that is taken, a URL that is none or would show a secret, or a variable that the
        operator did not release to that origin."""
        if len(servers) > self._settings.max_servers:
            raise InvalidInput(f"A task may bring {self._settings.max_servers} MCP servers, not {len(servers)}.")
        seen = set(self._taken)
        for server in servers:
            if server.name in seen:
                raise InvalidInput(f"There is another MCP server called {server.name}.", hint="Choose another name.")
            seen.add(server.name)
            self._check_url(server)
            for variable in server.headers_env.values():
                self._check_variable(server, variable)

    @asynccontextmanager
    async def opened(self, servers: Sequence[TaskServer]) -> AsyncIterator[list[Server]]:
        """The servers, asked for their tools, for as long as the block runs. One that failed says so in ``problem``."""
        opened = [Server(server.name, self._terms(server)) for server in servers]
        try:
            await asyncio.gather(*(server.refresh() for server in opened))
            yield opened
        finally:
            await asyncio.gather(*(server.aclose() for server in opened))

    def _check_url(self, server: TaskServer) -> None:
        try:
            url = checked_url(server.url)
        except ToolError as error:
            raise InvalidInput(f"mcp_servers, {server.name}: {error}") from None
        if url.query:
            raise InvalidInput(
                f"mcp_servers, {server.name}: the URL has a query, which would be journaled.",
                hint="Give secrets as `headers_env`, by the names of variables that the operator released.",
            )

    def _check_variable(self, server: TaskServer, variable: str) -> None:
        allowed = self._settings.task_variables.get(variable)
        if allowed is None or _origin(allowed) != _origin(server.url):
            raise InvalidInput(
                f"mcp_servers, {server.name}: the variable {variable} is not released to {_origin(server.url)}.",
                hint="The operator releases one to one origin in [tools.mcp.task_variables].",
            )

    def _terms(self, server: TaskServer) -> Terms:
        return Terms(
            place=server.url,
            transport=partial(self._transport, server),
            trust=Trust.UNTRUSTED,
            visibility=Visibility.PRIVATE,
            start_seconds=START_SECONDS,
            timeout_seconds=TIMEOUT_SECONDS,
        )

    def _transport(self, server: TaskServer) -> "AbstractAsyncContextManager[TransportStreams]":
        from tools.mcp.http_transport import Guard, http_transport

        return http_transport(server.url, server.headers_env, Guard(AllowList(self._http.allow), self._resolve))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
