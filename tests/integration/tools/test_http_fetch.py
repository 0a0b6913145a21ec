"""The guarded client against real servers on loopback."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from journal.errors import ConfigurationError
from tools.errors import InvalidArguments, Refused, ToolError
from tools.http_fetch import GuardedFetch
from tools.settings import HttpSettings

Reply = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


@dataclass
class Site:
    """A server of raw bytes: each path has a reply, and every request is noted."""

    port: int = 0
    replies: dict[str, bytes | Reply] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in lines[1:] if line)
            request = Request(lines[0].split(" ")[1], {name.lower(): value for name, value in pairs})
            self.requests.append(request)
            reply = self.replies[request.path]
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@pytest.fixture
async def other_site() -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def answer(body: bytes = b"hello", *headers: str, status: str = "200 OK", content_type: str = "text/plain") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {content_type}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(to: str) -> bytes:
    return answer(b"", f"Location: {to}", status="302 Found")


def open_to(*sites: Site, **settings: float) -> GuardedFetch:
    return GuardedFetch(HttpSettings(allow=tuple(f"127.0.0.1:{site.port}" for site in sites), **settings))


async def test_a_page_is_fetched(site: Site) -> None:
    site.replies["/a?b=c"] = answer("Grüße".encode("latin-1"), content_type="Text/Plain; charset=latin-1")
    fetched = await open_to(site).get(site.url("/a?b=c#part"))
    assert (fetched.url, fetched.status) == (site.url("/a?b=c"), 200)
    assert (fetched.content_type, fetched.text, fetched.private) == ("text/plain", "Grüße", True)
    assert site.requests[0].headers["host"] == f"127.0.0.1:{site.port}"


async def test_an_error_page_is_an_answer_too(site: Site) -> None:
    site.replies["/gone"] = answer(b"no", status="404 Not Found")
    fetched = await open_to(site).get(site.url("/gone"))
    assert (fetched.status, fetched.text) == (404, "no")


async def test_compressed_and_chunked_bodies_are_read(site: Site) -> None:
    site.replies["/gz"] = answer(gzip.compress(b"hello " * 1000), "Content-Encoding: gzip")
    site.replies["/ch"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    fetch = open_to(site)
    assert (await fetch.get(site.url("/gz"))).text == "hello " * 1000
    assert (await fetch.get(site.url("/ch"))).text == "abcde"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
async def test_loopback_is_refused_before_a_byte_is_sent(host: str, site: Site) -> None:
    site.replies["/"] = answer()
    with pytest.raises(Refused, match=r"tools\.http\.allow"):
        await GuardedFetch(HttpSettings()).get(site.url("/", host))
    assert site.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "localhost.",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25lo]",
        "0.0.0.0",
        "user:secret@127.0.0.1",
        "user@127.0.0.1",
    ],
)
async def test_no_spelling_of_loopback_gets_through(host: str, site: Site) -> None:
    site.replies["/"] = answer()
    with pytest.raises((Refused, InvalidArguments)) as caught:
        await GuardedFetch(HttpSettings()).get(site.url("/", host))
    assert "secret" not in str(caught.value)
    assert site.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//a.example",
        "http://",
        "http://a:0/",
        "http://a\nb/",
    ],
)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArguments):
        await GuardedFetch(HttpSettings()).get(url)


async def test_a_name_is_judged_by_what_it_resolves_to(site: Site) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("innocent.example", site.port)
        return ["127.0.0.1"]

    site.replies["/"] = answer()
    with pytest.raises(Refused, match=r"innocent\.example \(at 127\.0\.0\.1\)"):
        await GuardedFetch(HttpSettings(), resolve=resolve).get(site.url("/", "innocent.example"))
    assert site.requests == []


async def test_a_name_is_resolved_once_and_that_address_is_connected_to(site: Site) -> None:
    """A name that is public when checked and private when connected to: there is only one look, so there is no gap."""
    answers = iter([["127.0.0.1"], ["127.0.0.99"]])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    site.replies["/"] = answer()
    fetch = GuardedFetch(HttpSettings(allow=("127.0.0.1",)), resolve=resolve)
    assert (await fetch.get(site.url("/", "turning.example"))).text == "hello"
    assert site.requests[0].headers["host"] == f"turning.example:{site.port}"
    with pytest.raises(Refused, match=r"127\.0\.0\.99"):
        await fetch.get(site.url("/", "turning.example"))


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        await GuardedFetch(HttpSettings(), resolve=resolve).get("http://mixed.example/")


async def test_a_name_that_resolves_to_nothing_is_told() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(ToolError, match=r"no host `absent\.example`"):
        await GuardedFetch(HttpSettings(), resolve=resolve).get("http://absent.example/")


async def test_an_allowed_name_is_allowed_at_any_address(site: Site) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    site.replies["/"] = answer()
    fetch = GuardedFetch(HttpSettings(allow=("Wiki.internal",)), resolve=resolve)
    assert (await fetch.get(site.url("/", "wiki.internal"))).text == "hello"
    with pytest.raises(Refused):
        await fetch.get(site.url("/", "evil.example"))


async def test_redirects_are_followed(site: Site) -> None:
    site.replies |= {"/1": redirect("/2?x=1"), "/2?x=1": redirect(site.url("/3")), "/3": answer(b"here")}
    fetched = await open_to(site).get(site.url("/1"))
    assert (fetched.url, fetched.text) == (site.url("/3"), "here")


async def test_every_redirect_is_checked(site: Site, other_site: Site) -> None:
    other_site.replies["/"] = answer()
    targets = [other_site.url("/"), "http://169.254.169.254/latest", "//[::1]/", "http://2130706433/", "http://u:p@127.0.0.1/"]
    for target in targets:
        site.replies["/"] = redirect(target)
        with pytest.raises(Refused):
            await open_to(site).get(site.url("/"))
    site.replies["/"] = redirect("file:///etc/passwd")
    with pytest.raises(InvalidArguments):
        await open_to(site).get(site.url("/"))
    assert other_site.requests == []


async def test_redirects_end_after_five(site: Site) -> None:
    site.replies |= {f"/{n}": redirect(f"/{n + 1}") for n in range(10)}
    with pytest.raises(ToolError, match="more than 5 times"):
        await open_to(site).get(site.url("/0"))
    assert len(site.requests) == 6
    site.replies["/5"] = answer(b"fifth")
    assert (await open_to(site).get(site.url("/0"))).text == "fifth"


async def test_headers_go_to_their_own_origin_only(site: Site, other_site: Site) -> None:
    site.replies |= {"/1": redirect("/2"), "/2": redirect(other_site.url("/3"))}
    other_site.replies["/3"] = answer()
    await open_to(site, other_site).get(site.url("/1"), headers={"Authorization": "Bearer abc"})
    assert [r.headers.get("authorization") for r in site.requests] == ["Bearer abc", "Bearer abc"]
    assert "authorization" not in other_site.requests[0].headers


async def test_cookies_are_not_kept(site: Site) -> None:
    site.replies |= {
        "/1": redirect("/2").replace(b"Location", b"Set-Cookie: a=b\r\nLocation"),
        "/2": answer(b"x", "Set-Cookie: c=d"),
    }
    fetch = open_to(site)
    await fetch.get(site.url("/1"))
    await fetch.get(site.url("/2"))
    assert all("cookie" not in request.headers for request in site.requests)


async def test_proxies_in_the_environment_are_ignored(site: Site, other_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other_site.url(""))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    site.replies["/"] = answer()
    assert (await open_to(site).get(site.url("/"))).text == "hello"
    assert other_site.requests == []


async def test_a_body_that_says_it_is_too_large_is_not_read(site: Site) -> None:
    site.replies["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with pytest.raises(ToolError, match=r"99,999,999,999 bytes.*`tools\.http\.max_bytes`"):
        await open_to(site).get(site.url("/"))


async def test_an_endless_body_is_cut_off(site: Site) -> None:
    cut = asyncio.Event()

    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 10_000)
                await writer.drain()
        finally:
            cut.set()

    site.replies["/"] = endless
    with pytest.raises(ToolError, match="larger than 100,000 bytes"):
        await open_to(site, max_bytes=100_000).get(site.url("/"))
    await asyncio.wait_for(cut.wait(), 30)


async def test_a_body_that_drips_is_given_up_in_time(site: Site) -> None:
    cut = asyncio.Event()

    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            cut.set()

    site.replies["/"] = drip
    with pytest.raises(ToolError, match=r"within 0\.3 seconds"):
        await open_to(site, timeout_seconds=0.3).get(site.url("/"))
    await asyncio.wait_for(cut.wait(), 30)


async def test_a_server_that_never_answers_is_given_up_in_time(site: Site) -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    site.replies["/"] = silent
    with pytest.raises(ToolError, match=r"within 0\.3 seconds"):
        await open_to(site, timeout_seconds=0.3).get(site.url("/"))


@pytest.mark.parametrize("reply", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
async def test_a_broken_answer_is_told(reply: bytes, site: Site) -> None:
    site.replies["/"] = reply
    with pytest.raises(ToolError, match="connection failed"):
        await open_to(site).get(site.url("/"))


async def test_a_closed_port_is_told(site: Site) -> None:
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(ToolError, match=f"127.0.0.1 port {port} does not answer"):
        await GuardedFetch(HttpSettings(allow=("127.0.0.1",))).get(f"http://127.0.0.1:{port}/")


async def test_a_header_that_would_split_the_request_is_refused(site: Site) -> None:
    site.replies["/"] = answer()
    with pytest.raises(ToolError):
        await open_to(site).get(site.url("/"), headers={"X-A": "b\r\nX-C: d"})
    assert site.requests == []


async def test_what_is_not_text_is_named(site: Site) -> None:
    site.replies["/"] = answer(b"%PDF-1.7 \x00", content_type="application/pdf")
    with pytest.raises(ToolError, match=r"a PDF document \(application/pdf, 10 bytes\)"):
        await open_to(site).get(site.url("/"))


def test_a_wrong_entry_of_the_allow_list_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match="http://intranet"):
        GuardedFetch(HttpSettings(allow=("http://intranet/",)))


async def test_many_fetches_at_once(site: Site) -> None:
    site.replies |= {f"/{n}": answer(str(n).encode()) for n in range(50)}
    fetch = open_to(site)
    fetched = await asyncio.gather(*(fetch.get(site.url(f"/{n}")) for n in range(50)))
    assert [f.text for f in fetched] == [str(n) for n in range(50)]
