"""OpenAI's embeddings and every server that speaks their format: vLLM, Ollama, llama.cpp, TEI, LiteLLM, ..."""

import json
from collections.abc import Sequence
from typing import Any

from llm.calling import PATIENT, Waiting
from llm.embedders.batching import batches, checked, patiently
from llm.embedders.embedder import Kind
from llm.errors import MalformedAnswer
from llm.providers.endpoint import Endpoint
from llm.providers.http import SdkHttp
from llm.providers.openai_sdk import COMPATIBLE_CLIENT, OPENAI_CLIENT
from llm.settings import EmbedderSettings, ModelSettings

_OPENAI_URL = "https://api.openai.com/v1"
_KEY_VARIABLE = "OPENAI_API_KEY"
_TIMEOUT_SECONDS = 60.0


class OpenAICompatibleEmbedder:
    """One embedding model behind an ``/embeddings`` address, asked through the official SDK."""

    def __init__(self, settings: EmbedderSettings, waiting: Waiting = PATIENT) -> None:
        """Raises ``ConfigurationError`` for an impossible address or a missing key. Without ``base_url`` OpenAI is asked."""
        is_openai = settings.base_url is None
        asked = ModelSettings(
            provider="openai" if is_openai else "openai_compatible",
            model=settings.model,
            base_url=settings.base_url,
            api_key_env=settings.api_key_env,
        )
        self._endpoint = Endpoint.of(asked, default_url=_OPENAI_URL, key_variable=_KEY_VARIABLE, key_needed=is_openai)
        self._http = SdkHttp(self._endpoint, _TIMEOUT_SECONDS, OPENAI_CLIENT if is_openai else COMPATIBLE_CLIENT)
        self._waiting = waiting
        self._asked_dimensions = settings.dimensions
        self._dimensions = settings.dimensions

    @property
    def name(self) -> str:
        return self._endpoint.model

    @property
    def dimensions(self) -> int | None:
        return self._dimensions

    async def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Asks in batches. A busy API is asked again for documents; a query, which somebody waits for, fails at once."""
        vectors: list[list[float]] = []
        for batch in batches(texts):
            if kind == "query":
                vectors += await self._ask(batch)
            else:
                vectors += await patiently(self._waiting, lambda: self._ask(batch))  # noqa: B023
        return vectors

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _ask(self, texts: list[str]) -> list[list[float]]:
        # A format of plain numbers keeps servers happy that do not know base64.
        body: dict[str, Any] = {"model": self.name, "input": texts, "encoding_format": "float"}
        if self._asked_dimensions:
            body["dimensions"] = self._asked_dimensions
        async with self._http.response("post", "/embeddings", json.dumps(body).encode()) as response:
            return self._decode(await self._http.json(response), len(texts))

    def _decode(self, answer: Any, count: int) -> list[list[float]]:
        try:
            entries = sorted(answer["data"], key=lambda entry: entry["index"])
            vectors = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (KeyError, TypeError, ValueError):
            raise self._malformed("no vectors in the format of /embeddings") from None
        self._dimensions = checked(vectors, count, self._dimensions, self._endpoint.address)
        return vectors

    def _malformed(self, what: str) -> MalformedAnswer:
        hint = "Check `model`, `dimensions` and `base_url` of [embedder]."
        return MalformedAnswer(f"{self._endpoint.address} sent {what}.", hint=hint)
