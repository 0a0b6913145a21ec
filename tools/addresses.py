"""Which addresses of the network may be reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from journal.errors import ConfigurationError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_GLOBAL_V6 = IPv6Network("2000::/3")
_FORBIDDEN: tuple[Network, ...] = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata at a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation
    )
)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet. IPv6 forms that carry an IPv4 address never count as such."""
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_V6 or address.scope_id is not None):
        return False
    return address.is_global and not any(address in block for block in _FORBIDDEN if block.version == address.version)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One entry of the allow list: a host name or a block of addresses, and a port where one is given."""

    host: str | None
    block: Network | None
    port: int | None

    def allows(self, host: str, port: int, address: Address) -> bool:
        if self.port not in (None, port):
            return False
        return host == self.host if self.block is None else address in self.block


class AllowList:
    """The addresses that may be reached: the public ones, and what the operator named (``tools.http.allow``)."""

    def __init__(self, entries: Iterable[str], *, setting: str = "tools.http.allow") -> None:
        """Entries are ``host``, ``host:port``, an address (``[::1]:8080`` with a port) or a CIDR block. Raises
        ``ConfigurationError`` for one that is none of these."""
        self._rules = tuple(_rule(entry, setting) for entry in entries)

    def allows(self, host: str, port: int, address: Address) -> bool:
        """``address`` is what ``host`` was resolved to. An entry that names addresses allows them under every host name."""
        return is_public(address) or any(rule.allows(host.lower(), port, address) for rule in self._rules)


def _rule(entry: str, setting: str) -> _Rule:
    text = entry.strip().lower()
    block = _block(text)
    if block is not None:
        return _Rule(None, block, None)
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    host = host if colon else text
    number = int(port) if colon and port.isdecimal() else None
    valid_port = not colon or (number is not None and 0 < number < 65536)
    if not host or not valid_port or set(host) & set("/ @?#"):
        raise ConfigurationError(
            f"`{setting}` holds `{entry}`, which is no host, `host:port` or CIDR block.",
            hint="Write for example `intranet.example`, `127.0.0.1:8080` or `10.1.0.0/16`.",
        )
    block = _block(host.strip("[]"))
    return _Rule(host if block is None else None, block, number)


def _block(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def parse_address(text: str) -> Address | None:
    """An address in its usual spelling; ``None`` for anything else."""
    try:
        return ip_address(text)
    except ValueError:
        return None
