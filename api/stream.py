"""A task's events as Server-Sent Events: what is journaled with its seq as id, what the model is just writing without."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from fastapi.responses import Response
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from api.schemas import EventDocument
from journal.events import Event

MEDIA_TYPE = "text/event-stream"
_HEADERS = {"x-accel-buffering": "no"}


class EventStream(Response):
    """Sends ``events`` until they end, the client leaves, or ``closing`` is set because the server stops.

    ``deltas`` and a comment every ``heartbeat`` seconds come in between; with each the client's key is looked at again, and
    one that opens nothing any more (``may_go_on``) ends the stream. A client that was cut off resumes with the last id.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        events: AsyncIterator[Event],
        deltas: AsyncIterator[str],
        *,
        closing: asyncio.Event,
        heartbeat: float,
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._deltas = deltas
        self._closing = closing
        self._heartbeat = heartbeat
        self._may_go_on = may_go_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        journaled = asyncio.create_task(self._send_events(send))
        ends = [journaled, *_tasks(_disconnected(receive), self._closing.wait(), self._send_heartbeats(send))]
        besides = _tasks(self._send_deltas(send))
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*ends, *besides):
                task.cancel()
            await asyncio.gather(*ends, *besides, return_exceptions=True)
        if not journaled.cancelled():
            journaled.result()
        await send({"type": "http.response.body", "body": b""})

    async def _send_events(self, send: Send) -> None:
        async with aclosing(self._events) as events:  # type: ignore[type-var]
            async for event in events:
                data = to_json(EventDocument.of(event), by_alias=True, inf_nan_mode="null").decode()
                await _send(send, format_sse_event(id=str(event.seq), event=event.kind, data_str=data))

    async def _send_deltas(self, send: Send) -> None:
        async with aclosing(self._deltas) as deltas:  # type: ignore[type-var]
            async for text in deltas:
                await _send(send, format_sse_event(event="llm.delta", data_str=to_json({"text": text}).decode()))

    async def _send_heartbeats(self, send: Send) -> None:
        """Until the client may go on no more."""
        await asyncio.sleep(self._heartbeat)
        while await self._may_go_on():
            await _send(send, KEEPALIVE_COMMENT)
            await asyncio.sleep(self._heartbeat)


def _tasks(*coroutines: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(coroutine) for coroutine in coroutines]


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
