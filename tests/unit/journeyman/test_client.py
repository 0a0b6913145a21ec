"""The client against a scripted server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from journal.errors import Conflict, InvalidInput, JourneymanError, NotFound, StorageFull
from journeyman.client import Client, Unreachable, journaled

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handle: Handler) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with Client(f"http://{host}:{port}", "key") as client:
            yield client
    finally:
        await runner.cleanup()


def sse(*seqs: int, kind: str = "llm.completed") -> str:
    return "".join(f'id: {seq}\nevent: {kind}\ndata: {{"seq": {seq}, "kind": "{kind}", "data": {{}}}}\n\n' for seq in seqs)


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (422, InvalidInput), (507, StorageFull), (500, JourneymanError)]
)
async def test_a_problem_becomes_the_error_it_stands_for(status: int, kind: type[JourneymanError]) -> None:
    async def handle(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer key"
        problem = {"title": "No", "detail": "What went wrong.", "hint": "How to mend it."}
        return web.json_response(problem, status=status, content_type="application/problem+json")

    async with served(handle) as client:
        with pytest.raises(kind) as error:
            await client.task("task_1")
    assert (error.value.message, error.value.hint) == ("What went wrong.", "How to mend it.")


async def test_an_answer_that_is_no_problem_document_is_still_one_clear_error() -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text="<html>", status=502)

    async with served(handle) as client:
        with pytest.raises(JourneymanError, match="The server answered 502 Bad Gateway"):
            await client.tasks()


async def test_nobody_there_is_said_plainly() -> None:
    async with Client("http://127.0.0.1:1", "key") as client:
        with pytest.raises(Unreachable, match=r"Nothing answers at http://127\.0\.0\.1:1"):
            await client.tasks()


async def test_a_stream_that_is_cut_is_taken_up_where_it_stopped() -> None:
    asked: list[str] = []
    answers = [sse(1, 2) + "id: 3\nda", sse(3), sse(4) + sse(5, kind="task.completed")]

    async def handle(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/events"):
            return web.json_response({"ended_at": None, "last_seq": 9})
        asked.append(request.headers["last-event-id"])
        return web.Response(text=answers.pop(0), content_type="text/event-stream")

    async with served(handle) as client:
        seen = [event["seq"] async for event in client.events("task_1")]
    assert seen == [1, 2, 3, 4, 5]
    assert asked == ["0", "2", "3"]


async def test_the_stream_of_a_task_that_had_ended_before_ends() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/events"):
            return web.Response(text="", content_type="text/event-stream")
        return web.json_response({"ended_at": "2026-01-01T00:00:00Z", "last_seq": 7})

    async with served(handle) as client:
        assert [event async for event in client.events("task_1", after=7)] == []


async def test_following_ends_where_the_task_waits_for_a_person() -> None:
    statuses = iter([{"status": "working", "last_seq": 3}, {"status": "input_required", "last_seq": 3}])

    async def handle(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/events"):
            return web.json_response({"ended_at": None, **next(statuses)})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(
            (sse(1, kind="task.waiting") + sse(2, kind="task.resumed") + sse(3, kind="task.waiting")).encode()
        )
        await asyncio.Event().wait()
        return response

    async with served(handle) as client, asyncio.timeout(30):
        events: list[Any] = [event async for event in client.follow("task_1")]
    assert [event["seq"] for event in events] == [1, 2, 3]


async def test_deltas_and_comments_are_no_journaled_events() -> None:
    async def lines() -> AsyncIterator[str]:
        text = (
            ': hello\n\nevent: llm.delta\ndata: {"text": "x"}\n\nid: 1\ndata: {"seq":\ndata: 1}\n\nid: 2\ndata: {"seq": 2}\n'
        )
        for line in text.split("\n"):
            yield line

    assert [event async for event in journaled(lines())] == [{"seq": 1}, {"seq": 2}]
