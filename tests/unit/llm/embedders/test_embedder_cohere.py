"""Cohere's embedder over a real loopback server."""

import importlib.util
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from journal.errors import ConfigurationError
from llm.calling import Waiting
from llm.embedders.cohere import CohereEmbedder
from llm.embedders.embedder import make_embedder
from llm.errors import AuthenticationFailed, InvalidRequest, LlmError, MalformedAnswer, ModelNotFound, Overloaded, RateLimited
from llm.settings import EmbedderSettings


@dataclass
class Cohere:
    """Answers as Cohere does; ``failures`` are statuses that come first."""

    url: str = ""
    failures: list[int] = field(default_factory=list)
    answer: Any = None
    seen: list[dict[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.seen.append(body | {"key": request.headers["authorization"]})
        if self.failures:
            return web.json_response({"message": "no"}, status=self.failures.pop(0), headers={"retry-after": "7"})
        vectors = [[float(len(text)), 1.0] for text in body["texts"]]
        return web.json_response(self.answer or {"id": "x", "embeddings": {"float": vectors}})

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def embedder(self, **settings: Any) -> CohereEmbedder:
        asked = EmbedderSettings(provider="cohere", model="embed-v4.0", base_url=self.url, **settings)
        return CohereEmbedder(asked, Waiting(sleep=self.wait))


@pytest.fixture
async def cohere() -> AsyncIterator[Cohere]:
    server = Cohere()
    app = web.Application()
    app.router.add_post("/v2/embed", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
    yield server
    await runner.cleanup()


async def test_documents_and_queries_are_told_apart(cohere: Cohere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret-key")
    embedder = cohere.embedder(api_key_env="MY_KEY", dimensions=2)
    assert await embedder.embed(["a", "bcd"], "document") == [[1.0, 1.0], [3.0, 1.0]]
    await embedder.embed(["a"], "query")
    await embedder.aclose()
    assert [body["input_type"] for body in cohere.seen] == ["search_document", "search_query"]
    assert cohere.seen[0]["key"] == "Bearer s3cret-key"
    assert (cohere.seen[0]["output_dimension"], embedder.dimensions, embedder.name) == (2, 2, "embed-v4.0")


async def test_many_texts_go_in_batches_and_stay_in_order(cohere: Cohere) -> None:
    embedder = cohere.embedder()
    vectors = await embedder.embed(["x" * n for n in range(1, 131)], "document")
    await embedder.aclose()
    assert [vector[0] for vector in vectors] == [float(n) for n in range(1, 131)]
    assert [len(body["texts"]) for body in cohere.seen] == [64, 64, 2]


async def test_it_waits_as_long_as_the_api_says(cohere: Cohere) -> None:
    cohere.failures = [429, 503]
    embedder = cohere.embedder()
    assert await embedder.embed(["a"], "document") == [[1.0, 1.0]]
    assert cohere.waits == [7.0, 7.0]
    cohere.failures = [429]
    with pytest.raises(RateLimited):
        await embedder.embed(["a"], "query")
    await embedder.aclose()


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationFailed), (404, ModelNotFound), (400, InvalidRequest), (500, Overloaded)]
)
async def test_each_refusal_has_its_name(cohere: Cohere, status: int, error: type[LlmError]) -> None:
    cohere.failures = [status]
    embedder = cohere.embedder()
    with pytest.raises(error):
        await embedder.embed(["a"], "query")
    await embedder.aclose()


@pytest.mark.parametrize(
    "answer", [{"embeddings": {}}, {"embeddings": {"float": [[1.0], [2.0]]}}, {"embeddings": {"float": [[]]}}]
)
async def test_an_answer_that_is_none(cohere: Cohere, answer: Any) -> None:
    cohere.answer = answer
    embedder = cohere.embedder()
    with pytest.raises(MalformedAnswer):
        await embedder.embed(["a"], "query")
    await embedder.aclose()


@pytest.mark.parametrize("provider", ["cohere", "openai"])
def test_a_missing_key_is_told(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CO_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigurationError, match="API_KEY"):
        make_embedder(EmbedderSettings(provider=provider, model="m"))


@pytest.mark.skipif(importlib.util.find_spec("sentence_transformers") is not None, reason="it is installed")
def test_a_missing_package_is_told() -> None:
    with pytest.raises(ConfigurationError, match="not installed") as missing:
        make_embedder(EmbedderSettings(provider="sentence_transformers", model="m"))
    assert "sentence-transformers" in missing.value.hint
