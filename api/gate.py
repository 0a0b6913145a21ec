"""What stands before every route, as plain ASGI: the envelope, and the gate that checks host, key and size.

Both see a request before any of its body is read, so an unknown caller can make the server do next to nothing.
"""

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Sequence

from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access import Declared, check_access, declarations
from api.keys import KeyStore
from api.principals import Principal
from api.problems import Fault
from api.rates import RateLimiter
from api.settings import ApiSettings

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json"})
UPLOAD_PATH = "/v1/memory/documents"

_log = logging.getLogger(__name__)

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer that does not say otherwise itself."""

_DRAIN_BYTES = 32_000_000
_DRAIN_SECONDS = 5.0


class Envelope:
    """The outermost layer: names each request, adds the safe headers, and lets no exception out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started = False

        async def enveloped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                said = {name.lower() for name, _ in message["headers"]}
                safe = [header for header in _HEADERS if header[0] not in said]
                message["headers"] = [*message["headers"], *safe, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, enveloped)
        except ClientDisconnect:
            return
        except Exception as error:
            if started or not problems.known(error):
                _log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if not started:
                await problems.respond(error, request_id=request_id)(scope, receive, enveloped)


class Gate:
    """Lets a request pass to the routes, with its caller in ``request.state.principal``, or answers with a problem.

    ``routes`` are the application's own; they are looked at with the first request, when all are there.
    """

    def __init__(
        self, app: ASGIApp, *, keys: KeyStore, rates: RateLimiter, routes: Sequence[BaseRoute], settings: ApiSettings
    ) -> None:
        self._app = app
        self._keys = keys
        self._rates = rates
        self._routes = routes
        self._declared: list[Declared] | None = None
        self._settings = settings
        self._hosts = frozenset(name.lower() for name in ("localhost", settings.host, *settings.allowed_hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(scope, headers)
        try:
            self._check_host(headers)
            if scope["path"] not in OPEN_PATHS:
                scope.setdefault("state", {})["principal"] = await self._caller(scope, headers)
            _check_length(headers, limit)
        except Fault as fault:
            await _refuse(problems.respond(fault), scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)

    async def _caller(self, scope: Scope, headers: Headers) -> Principal:
        """Who asks, if they may ask this, and now. Raises ``Fault`` (401, 403, 429)."""
        if self._declared is None:
            self._declared = declarations(self._routes)
        principal = await self._keys.principal(headers.get("authorization"))
        await self._rates.admit(principal)
        check_access(self._declared, principal, scope["method"], scope["path"])
        return principal

    def _check_host(self, headers: Headers) -> None:
        """A page elsewhere whose name is rebound to this address cannot pass: addresses cannot be rebound, names can."""
        name = _host_name(headers.get("host", ""))
        if name.lower() not in self._hosts and not _is_address(name):
            hint = "Name it under allowed_hosts in the [api] settings."
            raise Fault(421, f"This server does not answer to the name {name[:200]!r}.", hint=hint)

    def _limit(self, scope: Scope, headers: Headers) -> int:
        is_upload = scope["path"] == UPLOAD_PATH and headers.get("content-type", "").startswith("multipart/")
        return self._settings.max_upload_bytes if is_upload else self._settings.max_body_bytes


def _check_length(headers: Headers, limit: int) -> None:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > limit:
        raise _too_large(limit)


def _counted(receive: Receive, limit: int) -> Receive:
    """``receive``, stopping where more than ``limit`` bytes came, whatever the headers promised."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            await _drain(receive)
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> Fault:
    hint = "Upload long texts to memory as files (POST /v1/memory/documents); the limits are in the [api] settings."
    return Fault(413, f"The body is larger than {limit:,} bytes.", hint=hint)


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if "expect" not in Headers(scope=scope):
        await _drain(receive)
    await response(scope, receive, send)


async def _drain(receive: Receive) -> None:
    """Read what the client is still sending and drop it: closing on it would lose the answer on the client's side."""
    total = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while total < _DRAIN_BYTES:
                message = await receive()
                total += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _host_name(header: str) -> str:
    """The name in a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
