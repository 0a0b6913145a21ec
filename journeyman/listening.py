"""The API's door: a listening socket, the server behind it, and the first key."""

import contextlib
import errno
import ipaddress
import logging
import socket
import sys
from collections.abc import Iterator

from api.keys import KeyStore
from api.server import ApiServer
from journal.errors import ConfigurationError

log = logging.getLogger(__name__)


class Server(ApiServer):
    """Leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes connections. Raises ``ConfigurationError`` for an address that cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None
    with listener:
        if not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
            log.warning("reachable from other machines: anyone with an API key can use it, and traffic is not encrypted")
        yield listener


def address_of(listener: socket.socket) -> str:
    """The base URL by which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    local = ipaddress.ip_address(host)
    if local.is_unspecified:
        local = ipaddress.ip_address("::1" if local.version == 6 else "127.0.0.1")
    return f"http://[{local}]:{port}" if local.version == 6 else f"http://{local}:{port}"


async def show_first_key(keys: KeyStore) -> None:
    """Make the first key of a new installation, and show it once on stderr."""
    made = await keys.first_key()
    if made is not None:
        sys.stderr.write(f"The first API key, shown this once: {made.key}\n")
        sys.stderr.flush()


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use.", hint="Choose another with --port, or stop what uses it."
        )
    return ConfigurationError(
        f"{host}:{port} cannot be listened on: {error.strerror}.", hint="Give --host an address of this machine."
    )
