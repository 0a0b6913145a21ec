"""OpenAI's embeddings and every server that speaks their format: vLLM, Ollama, llama.cpp, TEI, LiteLLM, ..."""

import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from journal.errors import ConfigurationError
from llm.embedders.embedder import Kind
from llm.errors import MalformedAnswer
from llm.settings import EmbedderSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_OPENAI_URL = "https://api.openai.com/v1"
_DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"
_NO_KEY = "none"
"""Local servers want no key, but the SDK wants to send one."""

_BATCH_TEXTS = 64
_BATCH_CHARS = 100_000
_TIMEOUT_SECONDS = 60.0
_CONNECT_SECONDS = 3.0


class OpenAICompatibleEmbedder:
    """One embedding model behind a ``/embeddings`` address, asked through the official SDK."""

    def __init__(self, settings: EmbedderSettings) -> None:
        """Raises ``ConfigurationError`` where OpenAI itself is meant and its key is missing."""
        self._settings = settings
        self._address = settings.base_url or _OPENAI_URL
        self._key_variable = settings.api_key_env or _DEFAULT_KEY_VARIABLE
        self._key = os.environ.get(self._key_variable, "")
        if not self._key and (settings.api_key_env or settings.base_url is None):
            raise ConfigurationError(f"The embedder needs a key in {self._key_variable}.", hint="Set that variable.")
        self._client: AsyncOpenAI | None = None
        self._dimensions = settings.dimensions

    @property
    def name(self) -> str:
        return self._settings.model

    @property
    def dimensions(self) -> int | None:
        return self._dimensions

    async def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Asks in batches. ``kind`` makes no difference in this format."""
        vectors: list[list[float]] = []
        for batch in _batches(texts):
            vectors += await self._ask(batch)
        return vectors

    async def aclose(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None

    async def _ask(self, texts: list[str]) -> list[list[float]]:
        from llm.providers.openai_errors import TRANSPORT_ERRORS, Endpoint, translate

        # A plain body keeps servers happy that do not know base64, which the SDK would ask for.
        body: dict[str, Any] = {"model": self._settings.model, "input": texts, "encoding_format": "float"}
        if self._settings.dimensions:
            body["dimensions"] = self._settings.dimensions
        try:
            answer = await self._open().post("/embeddings", body=body, cast_to=object)
        except TRANSPORT_ERRORS as error:
            raise translate(error, Endpoint(self.name, self._address, self._key_variable, self._key)) from None
        return self._decode(answer, len(texts))

    def _open(self) -> "AsyncOpenAI":
        if self._client is None:
            import httpx2
            from openai import AsyncOpenAI

            timeout = httpx2.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
            self._client = AsyncOpenAI(api_key=self._key or _NO_KEY, base_url=self._address, timeout=timeout, max_retries=1)
        return self._client

    def _decode(self, answer: Any, count: int) -> list[list[float]]:
        try:
            entries = sorted(answer["data"], key=lambda entry: entry["index"])
            vectors = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (KeyError, TypeError, ValueError):
            raise self._malformed("no vectors in the format of /embeddings") from None
        lengths = {len(vector) for vector in vectors} | ({self._dimensions} if self._dimensions else set())
        if len(vectors) != count or len(lengths) != 1 or lengths == {0}:
            raise self._malformed(f"{len(vectors)} vectors of the lengths {sorted(lengths)} for {count} texts")
        if not all(math.isfinite(number) for vector in vectors for number in vector):
            raise self._malformed("numbers that are not finite")
        self._dimensions = lengths.pop()
        return vectors

    def _malformed(self, what: str) -> MalformedAnswer:
        return MalformedAnswer(
            f"{self._address} sent {what}.", hint="Check `model`, `dimensions` and `base_url` of [embedder]."
        )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or sum(map(len, batch)) + len(text) > _BATCH_CHARS):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch
