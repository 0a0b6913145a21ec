"""The OpenAI-compatible embedder over a real loopback server."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from journal.errors import ConfigurationError
from llm.calling import Waiting
from llm.embedders.embedder import Embedder, make_embedder
from llm.embedders.openai_compatible import OpenAICompatibleEmbedder
from llm.errors import AuthenticationFailed, MalformedAnswer, ModelNotFound, RateLimited, Unreachable
from llm.settings import EmbedderSettings

Answer = Callable[[dict[str, Any]], web.Response]
Serve = Callable[[Answer], Any]


async def do_not_wait(seconds: float) -> None:
    assert seconds >= 0


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that answers so, and makes an embedder that asks it."""
    async with AsyncExitStack() as stack:

        async def start(answer: Answer, **settings: Any) -> tuple[Embedder, list[dict[str, Any]]]:
            seen: list[dict[str, Any]] = []

            async def handle(request: web.Request) -> web.Response:
                seen.append(await request.json() | {"key": request.headers.get("authorization")})
                return answer(seen[-1])

            app = web.Application()
            app.router.add_post("/v1/embeddings", handle)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            made = EmbedderSettings(provider="openai_compatible", model="mini", base_url=url, **settings)
            embedder = OpenAICompatibleEmbedder(made, Waiting(sleep=do_not_wait))
            stack.push_async_callback(embedder.aclose)
            return embedder, seen

        yield start


def vectors(body: dict[str, Any]) -> web.Response:
    data = [{"index": n, "embedding": [float(len(text)), 1.0]} for n, text in enumerate(body["input"])]
    return web.json_response({"data": data[::-1]})


async def test_vectors_come_in_the_order_of_the_texts(serve: Serve) -> None:
    embedder, seen = await serve(vectors)
    assert (embedder.name, embedder.dimensions) == ("mini", None)
    assert await embedder.embed(["a", "bb"], "document") == [[1.0, 1.0], [2.0, 1.0]]
    assert embedder.dimensions == 2
    assert seen[0]["model"] == "mini"
    assert seen[0]["encoding_format"] == "float"
    assert "dimensions" not in seen[0]
    assert await embedder.embed([], "document") == []


async def test_many_or_long_texts_are_asked_for_in_batches(serve: Serve) -> None:
    embedder, seen = await serve(vectors)
    assert len(await embedder.embed(["x"] * 130, "document")) == 130
    assert [len(body["input"]) for body in seen] == [64, 64, 2]
    await embedder.embed(["y" * 60_000] * 3, "document")
    assert [len(body["input"]) for body in seen[3:]] == [1, 1, 1]


async def test_key_and_dimensions_are_sent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_KEY", "sesame-sesame")
    embedder, seen = await serve(vectors, dimensions=2, api_key_env="EMBEDDING_KEY")
    await embedder.embed(["a"], "query")
    assert (seen[0]["dimensions"], seen[0]["key"]) == (2, "Bearer sesame-sesame")


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (404, ModelNotFound), (429, RateLimited)])
async def test_refusals_have_their_type(serve: Serve, status: int, error: type[Exception]) -> None:
    embedder, _ = await serve(lambda _: web.json_response({"error": {"message": "no"}}, status=status))
    with pytest.raises(error):
        await embedder.embed(["a"], "query")


async def test_a_busy_server_is_asked_again_for_documents_only(serve: Serve) -> None:
    answers = iter([429, 503, 200, 429])

    def busy(body: dict[str, Any]) -> web.Response:
        status = next(answers)
        return vectors(body) if status == 200 else web.json_response({"error": {"message": "busy"}}, status=status)

    embedder, seen = await serve(busy)
    assert await embedder.embed(["a"], "document") == [[1.0, 1.0]]
    assert len(seen) == 3
    with pytest.raises(RateLimited):
        await embedder.embed(["a"], "query")
    assert len(seen) == 4


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": []}],
        [{"index": 0, "embedding": ["x"]}],
        [{"index": 0}],
        [{"index": 0, "embedding": [math.inf]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}],
        "nonsense",
    ],
)
async def test_an_answer_that_is_none_is_called_malformed(serve: Serve, data: Any) -> None:
    embedder, _ = await serve(lambda _: web.json_response({"data": data}))
    with pytest.raises(MalformedAnswer):
        await embedder.embed(["a"], "document")


async def test_vectors_of_another_length_than_configured_are_refused(serve: Serve) -> None:
    embedder, _ = await serve(vectors, dimensions=3)
    with pytest.raises(MalformedAnswer, match="lengths"):
        await embedder.embed(["a"], "document")


async def test_nobody_listens() -> None:
    embedder = make_embedder(EmbedderSettings(provider="openai_compatible", model="m", base_url="http://127.0.0.1:9/v1"))
    assert embedder
    with pytest.raises(Unreachable):
        await embedder.embed(["a"], "query")
    await embedder.aclose()


def test_settings_that_cannot_work_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert make_embedder(None) is None
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        make_embedder(EmbedderSettings(provider="openai_compatible", model="m"))
    with pytest.raises(ConfigurationError, match="not an HTTP address"):
        make_embedder(EmbedderSettings(provider="openai_compatible", model="m", base_url="nonsense"))
