"""The guard between a URL and the network: what a URL may look like, and which address is really connected to."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

import httpcore
import httpx

from tools.addresses import AllowList, is_public, parse_address
from tools.errors import InvalidArguments, Refused, ToolError

Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) to addresses; raises ``OSError`` where there are none."""

_MAX_URL_CHARS = 8000
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*")


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that the system's name service gives."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_url(text: str) -> httpx.URL:
    """The URL, if it is a plain http(s) one. Raises ``InvalidArguments`` or ``Refused``; resolves nothing."""
    if len(text) > _MAX_URL_CHARS:
        raise InvalidArguments(f"The URL is longer than {_MAX_URL_CHARS} characters.")
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InvalidArguments(f"The URL is not valid: {error}.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidArguments("The URL must be a whole one that starts with `http://` or `https://`.")
    if url.userinfo:
        raise Refused("A URL with a user name or password in it is refused.")
    if url.port == 0:
        raise InvalidArguments("The URL's port is 0.")
    _check_host(url.raw_host.decode("ascii"))
    return url.copy_with(fragment=None)


def _check_host(host: str) -> None:
    if host.endswith("."):
        raise Refused(f"The host `{host}` ends in a dot; write it without.")
    if parse_address(host.strip("[]")) is None and _NUMBERS.fullmatch(host.lower()):
        raise Refused(f"The host `{host}` is a number in an odd spelling; write an address as four decimal numbers.")


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to addresses that may be reached. One for each fetch.

    The name is resolved here and the checked address itself is connected to, so a name that changes its address between a
    check and its use gains nothing.
    """

    def __init__(self, allow: AllowList, resolve: Resolver, setting: str = "tools.http.allow") -> None:
        self._allow = allow
        self._resolve = resolve
        self._setting = setting
        self._inner = httpcore.AnyIOBackend()
        self.met_private = False
        """Whether a private address, allowed by the operator, was connected to."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises ``Refused`` for an address that may not be reached, ``ToolError`` where there is none or none answers."""
        failure: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise ToolError(f"{host} port {port} does not answer: {failure}.")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Refused("Only http and https addresses can be fetched.")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        found = await allowed_addresses(host, port, self._allow, self._resolve, self._setting)
        self.met_private |= any(not is_public(address) for text in found if (address := parse_address(text)))
        return found


async def allowed_addresses(
    host: str, port: int, allow: AllowList, resolve: Resolver, setting: str = "tools.http.allow"
) -> list[str]:
    """What the host resolves to. One forbidden address among them refuses all: honest names do not mix them.

    Raises ``Refused``, or ``ToolError`` where there is none.
    """
    try:
        found = [host] if parse_address(host) else await resolve(host, port)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise ToolError(f"There is no host `{host}`.")
    for text in found:
        address = parse_address(text)
        if address is None or not allow.allows(host, port, address):
            place = host if host == text else f"{host} (at {text})"
            raise Refused(
                f"{place} is a private or reserved address; only the operator can allow it, in the setting `{setting}`."
            )
    return found
