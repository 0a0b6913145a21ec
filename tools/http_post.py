"""The guarded HTTP client's other half: one POST to an address that may be reached, whose redirects are not followed."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ssl import SSLContext

import httpcore
import httpx

from tools.addresses import AllowList
from tools.errors import ToolError
from tools.http_guard import GuardedBackend, Resolver, checked_url, system_resolver

_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer's status, and how long the receiver asks to be left alone, in seconds, if it does."""

    status: int
    retry_after: float | None = None


class GuardedPost:
    """Safe for many calls at once; holds nothing open between them. ``setting`` names what ``allow`` was read from."""

    def __init__(self, allow: AllowList, *, timeout_seconds: float, setting: str, resolve: Resolver = system_resolver) -> None:
        self._allow = allow
        self._seconds = timeout_seconds
        self._setting = setting
        self._resolve = resolve

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Send ``body`` and read no more of the answer than it takes to tell its end.

        Raises ``InvalidArguments`` for a URL that is none, ``Refused`` for an address that may not be reached, and
        ``ToolError`` where nothing answers in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._once(checked_url(url), body, headers)
        except (TimeoutError, httpcore.TimeoutException):
            raise ToolError(f"There was no answer within {self._seconds:g} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.InvalidURL) as error:
            raise ToolError(f"The connection failed: {error or type(error).__name__}.") from None

    async def _once(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Posted:
        own = {"User-Agent": "journeyman", "Connection": "close", "Content-Length": str(len(body))}
        sent = httpx.Headers({**own, **headers, "Host": url.netloc.decode("ascii")}).raw
        wire = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        backend = GuardedBackend(self._allow, self._resolve, self._setting)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._ssl, max_connections=1, max_keepalive_connections=0, network_backend=backend
        )
        async with pool, pool.stream("POST", wire, headers=sent, content=body) as response:
            read = 0
            async for piece in response.aiter_stream():
                read += len(piece)
                if read > _READ_BYTES:
                    break
            return Posted(response.status, _seconds(httpx.Headers(response.headers).get("retry-after", "")))

    @cached_property
    def _ssl(self) -> SSLContext:
        return httpx.create_ssl_context(trust_env=False)


def _seconds(header: str) -> float | None:
    return float(header) if re.fullmatch(r"\d{1,9}", header.strip()) else None
