"""The HTTP side of a connection: what is sent where, and what a failure of HTTP means for the call that met it.

The SDK is handed a transport of ours, which turns each failure that proves that nothing was done into a JSON-RPC error with a
code of its own. So one refused connection fails one call, and an effect that was never sent is not in doubt.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2

from tools.addresses import AllowList
from tools.errors import ToolError
from tools.http_guard import Resolver, allowed_addresses
from tools.mcp.errors import NOTHING_DONE, SESSION_LOST
from tools.mcp.variables import variable_value

if TYPE_CHECKING:
    from mcp.client import Transport
    from mcp.client._transport import TransportStreams

MAX_BYTES = 32_000_000
"""So large may one response be."""

CONNECT_SECONDS = 10.0

_SESSION = "mcp-session-id"
_REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 413, 414, 415, 429})


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be connected to, and how names are resolved."""

    allow: AllowList
    resolve: Resolver


@asynccontextmanager
async def http_transport(url: str, headers_env: Mapping[str, str], guard: Guard | None) -> AsyncIterator["TransportStreams"]:
    """The streams of one session with ``url``. Without a guard any address may be connected to. Raises ``Unreachable``."""
    from mcp.client.streamable_http import streamable_http_client

    async with httpx2.AsyncClient(
        transport=_Careful(guard),
        headers={header: variable_value(name) for header, name in headers_env.items()},
        timeout=httpx2.Timeout(30.0, connect=CONNECT_SECONDS, read=None),
    ) as client:
        transport: Transport = streamable_http_client(url, http_client=client, max_sse_event_size=MAX_BYTES)
        async with transport as streams:
            yield streams


class _Careful(httpx2.AsyncBaseTransport):
    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            sent = request if self._guard is None else await _pinned_to_address(request, self._guard)
            response = await self._inner.handle_async_request(sent)
        except ToolError as error:
            return _error(NOTHING_DONE, str(error))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _error(NOTHING_DONE, f"nothing answers at {request.url.host} port {_port(request.url)}: {error}")
        if response.status_code in _REFUSALS and not _is_json(response):
            await response.aclose()
            if response.status_code == HTTPStatus.NOT_FOUND and _SESSION in request.headers:
                return _error(SESSION_LOST, "the server does not know the session any more", status=404)
            phrase = HTTPStatus(response.status_code).phrase
            return _error(NOTHING_DONE, f"the server answers {response.status_code} {phrase}", status=response.status_code)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A response's body, broken off where it is longer than ``MAX_BYTES``."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        async for part in self._inner:
            total += len(part)
            if total > MAX_BYTES:
                raise httpx2.ReadError(f"the answer is larger than {MAX_BYTES:,} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _pinned_to_address(request: httpx2.Request, guard: Guard) -> httpx2.Request:
    """The same request to the checked address itself, so that a name which changes its address meanwhile gains nothing."""
    host = request.url.host
    address = (await allowed_addresses(host, _port(request.url), guard.allow, guard.resolve))[0]
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_json(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").lower().startswith("application/json")


def _error(code: int, message: str, *, status: int = 503) -> httpx2.Response:
    return httpx2.Response(status, json={"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})
