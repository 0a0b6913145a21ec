"""A receiver of webhooks on loopback, for tests: it keeps what it was sent and answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_MAX_HEADER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Received:
    """One request. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What to answer, once ``when`` is over; ``None`` for ``status`` closes the connection without a word."""

    status: int | None = 204
    headers: dict[str, str] = field(default_factory=dict)
    when: Callable[[], Awaitable[object]] | None = None


class WebhookReceiver:
    """``async with WebhookReceiver([HookAnswer(500)]) as receiver``: the answers are given in turn, then 204 for ever."""

    def __init__(self, answers: Sequence[HookAnswer] = ()) -> None:
        self.received: list[Received] = []
        self._answers = list(answers)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[object]] = set()

    @property
    def address(self) -> str:
        """``host:port``, as ``webhooks.allow`` takes it."""
        if self._server is None:
            raise RuntimeError("the receiver is not running")
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/hook"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MAX_HEADER_BYTES)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return  # asyncio's streams log a handler that ends otherwise, also one that the end of the block cancels
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self._answers.pop(0) if self._answers else HookAnswer()
        self.received.append(Received(first.split(" ")[1], headers, body))
        if answer.when is not None:
            await answer.when()
        if answer.status is None:
            return
        told = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        writer.write(f"HTTP/1.1 {answer.status} Told\r\ncontent-length: 0\r\nconnection: close\r\n{told}\r\n".encode())
        await writer.drain()
