"""Which addresses are public, and what the allow list adds."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import ConfigurationError
from tools.addresses import AllowList, is_public, parse_address

CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
OPEN = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "100.63.255.255",
    "172.32.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
]


@pytest.mark.parametrize("text", CLOSED)
def test_private_and_reserved_addresses_are_closed(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not AllowList(()).allows("host.example", 80, ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_addresses_of_the_internet_are_open(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=6))
def test_no_ipv6_form_carries_an_ipv4_address_past_the_check(address: object) -> None:
    v6 = ip_address(str(address))
    if is_public(v6):
        assert v6.version == 6
        assert (v6.ipv4_mapped, v6.sixtofour, v6.teredo) == (None, None, None)


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1", 80, "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", 80, "127.0.0.2", False),
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "127.0.0.1", 80, "127.0.0.1", False),
        ("localhost", "localhost", 80, "127.0.0.1", True),
        ("LOCALHOST", "LocalHost", 80, "127.0.0.1", True),
        ("localhost", "evil.example", 80, "127.0.0.1", False),
        ("localhost:81", "localhost", 80, "127.0.0.1", False),
        ("10.1.0.0/16", "wiki", 80, "10.1.2.3", True),
        ("10.1.0.0/16", "wiki", 80, "10.2.2.3", False),
        ("10.1.0.0/16", "wiki", 80, "::1", False),
        ("::1", "::1", 80, "::1", True),
        ("[::1]:8080", "::1", 8080, "::1", True),
        ("[::1]:8080", "::1", 80, "::1", False),
        ("[::1]", "::1", 80, "::1", True),
        ("fd00::/8", "wiki", 80, "fd12::1", True),
    ],
)
def test_the_allow_list(entry: str, host: str, port: int, address: str, allowed: bool) -> None:
    assert AllowList((entry,)).allows(host, port, ip_address(address)) is allowed


@pytest.mark.parametrize(
    "entry", ["", "http://a/", "a:b", "a:0", "a:70000", "10.0.0.0/33", "10.0.0.1/8", "a b", ":80", "a:", "u@h"]
)
def test_an_entry_that_cannot_be_read_is_named(entry: str) -> None:
    with pytest.raises(ConfigurationError, match=r"tools\.http\.allow"):
        AllowList((entry,))


@pytest.mark.parametrize("text", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "localhost", "", "1.2.3.4.5", "::g"])
def test_only_usual_spellings_are_addresses(text: str) -> None:
    assert parse_address(text) is None
