"""The guarded HTTP client: one GET at a time, no cookies, no proxies, nothing taken from the environment."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from ssl import SSLContext

import httpcore
import httpx

from tools.addresses import AllowList
from tools.errors import Refused, ToolError
from tools.http_body import ENCODINGS, read_body, to_text
from tools.http_guard import GuardedBackend, Resolver, checked_url, system_resolver
from tools.settings import HttpSettings
from tools.types import Fetched

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN = {
    "User-Agent": "journeyman",
    "Accept": "text/html, text/*, application/json;q=0.9, */*;q=0.5",
    "Accept-Encoding": ENCODINGS,
    "Connection": "close",
}


class GuardedFetch:
    """Implements ``HttpFetch``. Safe for many calls at once; holds nothing open between them."""

    def __init__(self, settings: HttpSettings, *, resolve: Resolver = system_resolver) -> None:
        """Raises ``ConfigurationError`` for an entry of ``settings.allow`` that cannot be read."""
        self._settings = settings
        self._allow = AllowList(settings.allow)
        self._resolve = resolve

    async def get(self, url: str, *, headers: dict[str, str] | None = None) -> Fetched:
        """Fetch a text. ``headers`` are sent to the URL's own origin, not to another that it redirects to.

        Raises ``InvalidArguments`` for a URL that is none, ``Refused`` for an address that may not be reached, and
        ``ToolError`` where nothing answers in time, or the answer is too large or not text.
        """
        seconds = self._settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(checked_url(url), headers or {})
        except (TimeoutError, httpcore.TimeoutException):
            raise ToolError(f"There was no whole answer within {seconds:g} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.InvalidURL) as error:
            raise ToolError(f"The connection failed: {error or type(error).__name__}.") from None

    async def _follow(self, url: httpx.URL, headers: Mapping[str, str]) -> Fetched:
        origin = _origin(url)
        backend = GuardedBackend(self._allow, self._resolve)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._once(backend, url, headers if _origin(url) == origin else {})
            if isinstance(answer, Fetched):
                return replace(answer, private=backend.met_private)
            url = checked_url(str(answer))
        raise ToolError(f"The address redirects more than {MAX_REDIRECTS} times.")

    async def _once(self, backend: GuardedBackend, url: httpx.URL, headers: Mapping[str, str]) -> Fetched | httpx.URL:
        """One exchange: a response, or where it redirects to."""
        sent = httpx.Headers({**_OWN, **headers, "Host": url.netloc.decode("ascii")}).raw
        async with self._pool(backend) as pool, pool.stream("GET", _wire(url), headers=sent) as response:
            got = httpx.Headers(response.headers)
            if response.status in _REDIRECTS and "location" in got:
                return url.join(got["location"])
            _check_length(got, self._settings.max_bytes)
            body = await read_body(response.aiter_stream(), got.get("content-encoding", ""), self._settings.max_bytes)
        content_type = got.get("content-type", "").partition(";")[0].strip().lower()
        charset = httpx.Response(200, headers=got).charset_encoding
        return Fetched(str(url), response.status, content_type, to_text(body, content_type, charset))

    def _pool(self, backend: GuardedBackend) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._ssl, max_connections=1, max_keepalive_connections=0, network_backend=backend
        )

    @cached_property
    def _ssl(self) -> SSLContext:
        return httpx.create_ssl_context(trust_env=False)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _wire(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _check_length(headers: httpx.Headers, max_bytes: int) -> None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise Refused(f"The body has {int(length):,} bytes; the limit set in `tools.http.max_bytes` is {max_bytes:,}.")
