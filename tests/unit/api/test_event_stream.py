"""The event stream as ASGI: ids, order, deltas, heartbeats, and every way it ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from starlette.types import Message

from api.stream import EventStream
from journal.errors import StorageUnavailable
from journal.events import Event, MessageReceived

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(seq: int) -> Event:
    return Event(seq, AT, 1, MessageReceived(text=f"line one\nline {seq}", by="me"))


async def some_events(*seqs: int) -> AsyncIterator[Event]:
    for seq in seqs:
        yield event(seq)


class Quiet:
    """Yields nothing until it is closed."""

    def __init__(self) -> None:
        self.closed = False

    async def __call__(self) -> AsyncIterator[object]:
        try:
            await asyncio.Event().wait()
            yield  # pragma: no cover
        finally:
            self.closed = True


class Client:
    """The other end of an ASGI connection."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.chunks: list[bytes] = []
        self.status: int | None = None
        self.complete = False
        self._news = asyncio.Condition()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        async with self._news:
            if message["type"] == "http.response.start":
                self.status, self.headers = message["status"], dict(message["headers"])
            else:
                self.chunks.append(message["body"])
                self.complete = not message.get("more_body", False)
            self._news.notify_all()

    async def has(self, piece: bytes) -> None:
        async with self._news:
            await self._news.wait_for(lambda: piece in b"".join(self.chunks))

    def frames(self) -> list[dict[str, str]]:
        frames = b"".join(self.chunks).decode().strip().split("\n\n")
        return [dict(line.split(": ", 1) for line in frame.splitlines()) for frame in frames if frame]


async def always() -> bool:
    return True


def stream(
    events: AsyncIterator[Event],
    deltas: object,
    closing: asyncio.Event,
    heartbeat: float = 60.0,
    may_go_on: Callable[[], Awaitable[bool]] = always,
) -> EventStream:
    return EventStream(events, deltas, closing=closing, heartbeat=heartbeat, may_go_on=may_go_on)  # type: ignore[arg-type]


async def run(response: EventStream, client: Client) -> None:
    await response({"type": "http"}, client.receive, client.send)


async def test_events_have_their_seq_as_id_and_the_stream_ends_with_them() -> None:
    client, quiet = Client(), Quiet()
    await run(stream(some_events(3, 4), quiet(), asyncio.Event()), client)
    assert client.status == 200
    assert client.headers[b"content-type"].startswith(b"text/event-stream")
    assert b"content-length" not in client.headers
    assert [(f["id"], f["event"]) for f in client.frames()] == [("3", "message.received"), ("4", "message.received")]
    first = json.loads(client.frames()[0]["data"])
    assert first["seq"] == 3
    assert first["at"] == "2026-01-02T03:04:05Z"
    assert first["data"]["text"] == "line one\nline 3"
    assert first["data"]["label"]["from"] == ["user"]
    assert client.complete
    assert quiet.closed


async def test_deltas_come_without_an_id() -> None:
    async def deltas() -> AsyncIterator[str]:
        yield "Hel\nlo"
        await asyncio.Event().wait()

    client, quiet, closing = Client(), Quiet(), asyncio.Event()
    running = asyncio.create_task(run(stream(quiet(), deltas(), closing), client))  # type: ignore[arg-type]
    await client.has(b"llm.delta")
    closing.set()
    await running
    (frame,) = client.frames()
    assert frame == {"event": "llm.delta", "data": '{"text":"Hel\\nlo"}'}


async def test_a_quiet_stream_is_kept_alive_by_comments() -> None:
    client, closing = Client(), asyncio.Event()
    running = asyncio.create_task(run(stream(Quiet()(), Quiet()(), closing, heartbeat=0.001), client))  # type: ignore[arg-type]
    await client.has(b": ping\n\n: ping\n\n")
    closing.set()
    await running
    assert client.complete


async def test_the_stream_ends_whole_when_the_server_stops() -> None:
    client, events, deltas, closing = Client(), Quiet(), Quiet(), asyncio.Event()
    running = asyncio.create_task(run(stream(events(), deltas(), closing), client))  # type: ignore[arg-type]
    closing.set()
    await running
    assert client.complete


async def test_a_client_that_leaves_stops_the_work() -> None:
    client, events, deltas = Client(), Quiet(), Quiet()
    response = stream(events(), deltas(), asyncio.Event(), heartbeat=0.001)  # type: ignore[arg-type]
    running = asyncio.create_task(run(response, client))
    await client.has(b": ping")
    client.gone.set()
    await running
    assert events.closed
    assert deltas.closed


async def test_a_stream_whose_key_is_gone_ends_with_the_next_heartbeat() -> None:
    answers = [True, True, False]

    async def may_go_on() -> bool:
        return answers.pop(0)

    client, events, deltas = Client(), Quiet(), Quiet()
    await run(stream(events(), deltas(), asyncio.Event(), 0.001, may_go_on), client)  # type: ignore[arg-type]
    assert client.complete
    assert b"".join(client.chunks).count(b": ping") == 2
    assert events.closed


async def test_a_journal_that_fails_cuts_the_stream_instead_of_ending_it() -> None:
    async def broken() -> AsyncIterator[Event]:
        yield event(1)
        raise StorageUnavailable("gone")

    client = Client()
    with pytest.raises(StorageUnavailable):
        await run(stream(broken(), Quiet()(), asyncio.Event()), client)
    assert not client.complete
    assert client.frames()[0]["id"] == "1"
