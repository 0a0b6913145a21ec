"""The stub server itself: HTTP on a loopback port."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from journal.errors import ConfigurationError
from journeyman.testing.stub.anthropic_messages import AnthropicMessages
from journeyman.testing.stub.bedrock import Bedrock
from journeyman.testing.stub.openai_chat import OpenAIChat
from journeyman.testing.stub.openai_responses import OpenAIResponses
from journeyman.testing.stub.script import Answer, Asked, Drop, HttpError, Player, RawBody, Reply, Rule, Script
from journeyman.testing.stub.wire import WireFormat

Decide = Callable[[Asked], Answer | Awaitable[Answer | None] | None]
"""A script as a function, plain or async: for answers that rules cannot express. ``None``: no rule fits."""

_LARGEST_REQUEST = 256 * 1024 * 1024
_FORMATS: tuple[WireFormat, ...] = (OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Bedrock())


class StubServer:
    """A model server that answers from a script and records what it was asked.

        async with StubServer([Rule(reply=Reply(text="done"))]) as stub:
            ...  # a model with `base_url = stub.url`
        assert stub.requests[0].text == "Do it."

    Speaks OpenAI's Chat Completions and Responses and Anthropic's Messages, plain and streamed, also where Azure, Bedrock
    and Vertex have them, and lists its ``models`` under ``/v1/models``; ``GET /requests`` gives other processes what
    ``requests`` holds. A request that no rule fits is answered with status 400, saying so.
    """

    def __init__(
        self,
        script: Script | Sequence[Rule] | Decide,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        models: Sequence[str] = ("stub",),
    ) -> None:
        """With port 0 a free one is taken on start."""
        self.requests: list[Asked] = []
        self._decide = script if callable(script) else _player(script)
        self._host = host
        self._port = port
        self._models = tuple(models)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL for a model's settings. Only while the server runs."""
        if self._runner is None:
            raise RuntimeError("The stub server is not running: use `async with StubServer(...) as stub`.")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/v1"

    async def start(self) -> None:
        """Listen. Raises ``ConfigurationError`` when the port cannot be had."""
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/requests", self._list_requests)
        for wire in _FORMATS:
            for path in wire.paths:
                app.router.add_post(path, self._handler(wire))
        # Cancelled handlers let the server stop at once, and a client that hangs up end its own delay.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, backlog=2048).start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError(
                f"The stub server cannot listen on {self._host}:{self._port}: {error.strerror}.", hint="Take another port."
            ) from None
        self._runner = runner

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _handler(self, wire: WireFormat) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                asked = self._record(wire, request, json.loads(await request.read()))
            except ValueError as error:
                return _error(wire, HttpError(status=400, message=f"The request cannot be read: {error}."))
            answer = self._decide(asked)
            if inspect.isawaitable(answer):
                answer = await answer
            if answer is None:
                return _error(wire, HttpError(status=400, message=_no_rule(asked), code="no_rule"))
            await asyncio.sleep(answer.delay_seconds)
            return await _send(wire, request, asked, answer)

        return handle

    def _record(self, wire: WireFormat, request: web.Request, body: Any) -> Asked:
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        body = {**request.match_info, **body}
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = wire.read(len(self.requests) + 1, headers, body)
        self.requests.append(asked)
        return asked

    async def _list_models(self, _: web.Request) -> web.Response:
        models = [{"id": name, "object": "model", "type": "model", "owned_by": "stub"} for name in self._models]
        return web.json_response({"object": "list", "data": models, "has_more": False})

    async def _list_requests(self, _: web.Request) -> web.Response:
        return web.json_response([asdict(asked) for asked in self.requests])


def _player(script: Script | Sequence[Rule]) -> Callable[[Asked], Answer | None]:
    return Player(script if isinstance(script, Script) else Script(rules=tuple(script))).answer


def _no_rule(asked: Asked) -> str:
    return (
        f"No rule of the stub's script fits request {asked.number}: model {asked.model!r}, "
        f"{asked.tool_results} tool results, last text {asked.text[:200]!r}."
    )


async def _send(wire: WireFormat, request: web.Request, asked: Asked, answer: Answer) -> web.StreamResponse:
    match answer:
        case HttpError():
            return _error(wire, answer)
        case RawBody():
            headers = {"content-type": answer.content_type}
            return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)
        case Drop():
            return _hang_up(request, web.Response())
        case Reply() if asked.streamed:
            return await _stream(wire, request, asked, answer)
        case Reply(cut_after=None):
            return web.Response(body=wire.whole(asked, answer), content_type="application/json")
        case Reply():
            return await _cut(request, wire.whole(asked, answer))


def _error(wire: WireFormat, error: HttpError) -> web.Response:
    headers = {"content-type": "application/json", **error.headers}
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:g}" if isinstance(error.retry_after, float) else error.retry_after
    return web.Response(status=error.status, body=wire.error(error.status, error.message, error.code), headers=headers)


async def _stream(wire: WireFormat, request: web.Request, asked: Asked, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": wire.content_type})
    await response.prepare(request)
    for sent, chunk in enumerate(wire.chunks(asked, reply)):
        if sent == reply.cut_after:
            return _hang_up(request, response)
        await response.write(chunk)
    await response.write_eof()
    return response


async def _cut(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _hang_up(request, response)


def _hang_up(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response
