"""Cohere's embeddings, and servers that speak its ``/v2/embed``."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm.calling import PATIENT, Waiting
from llm.embedders.batching import batches, checked, patiently
from llm.embedders.embedder import Kind
from llm.errors import (
    AuthenticationFailed,
    InvalidRequest,
    LlmError,
    MalformedAnswer,
    ModelNotFound,
    Overloaded,
    RateLimited,
    TimedOut,
    Unreachable,
)
from llm.providers.endpoint import Endpoint
from llm.settings import EmbedderSettings, ModelSettings

if TYPE_CHECKING:
    import httpx

_URL = "https://api.cohere.com/v2"
_KEY_VARIABLE = "CO_API_KEY"
_TIMEOUT_SECONDS = 60.0
_BY_STATUS: dict[int, type[LlmError]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    403: AuthenticationFailed,
    404: ModelNotFound,
    422: InvalidRequest,
    429: RateLimited,
}


class CohereEmbedder:
    """One of Cohere's embedding models. It embeds what is searched for differently from what is searched in."""

    def __init__(self, settings: EmbedderSettings, waiting: Waiting = PATIENT) -> None:
        """Raises ``ConfigurationError`` for an impossible address, or for a missing key where Cohere itself is asked."""
        asked = ModelSettings(
            provider="cohere", model=settings.model, base_url=settings.base_url, api_key_env=settings.api_key_env
        )
        needs_key = settings.base_url is None
        self._endpoint = Endpoint.of(asked, default_url=_URL, key_variable=_KEY_VARIABLE, key_needed=needs_key)
        self._waiting = waiting
        self._asked_dimensions = settings.dimensions
        self._dimensions = settings.dimensions
        self._client: httpx.AsyncClient | None = None

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
                vectors += await self._ask(batch, kind)
            else:
                vectors += await patiently(self._waiting, lambda: self._ask(batch, kind))  # noqa: B023
        return vectors

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _ask(self, texts: list[str], kind: Kind) -> list[list[float]]:
        body: dict[str, Any] = {
            "model": self.name,
            "texts": texts,
            "input_type": f"search_{kind}",
            "embedding_types": ["float"],
        }
        if self._asked_dimensions:
            body["output_dimension"] = self._asked_dimensions
        answer = await self._post(json.dumps(body).encode())
        try:
            vectors = [[float(number) for number in vector] for vector in answer["embeddings"]["float"]]
        except (KeyError, TypeError, ValueError):
            raise MalformedAnswer(f"{self._endpoint.address} sent no vectors in the format of /v2/embed.") from None
        self._dimensions = checked(vectors, len(texts), self._dimensions, self._endpoint.address)
        return vectors

    async def _post(self, body: bytes) -> Any:
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS)
        headers = {"authorization": f"Bearer {self._endpoint.key}", "content-type": "application/json"}
        try:
            response = await self._client.post(f"{self._endpoint.url.rstrip('/')}/embed", content=body, headers=headers)
        except httpx.TimeoutException:
            raise TimedOut(f"{self._endpoint.address} did not answer within {_TIMEOUT_SECONDS:.0f} seconds.") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._endpoint.address} cannot be reached: {type(error).__name__}.") from None
        if not response.is_success:
            raise self._refusal(response)
        try:
            return response.json()
        except ValueError:
            raise MalformedAnswer(f"{self._endpoint.address} sent no JSON.") from None

    def _refusal(self, response: "httpx.Response") -> LlmError:
        from llm.providers.sdk_errors import retry_after

        kind = _BY_STATUS.get(response.status_code, Overloaded if response.status_code >= 500 else InvalidRequest)
        said = self._endpoint.clean(response.text)
        hint = f"Check the key in {self._endpoint.key_variable}." if kind is AuthenticationFailed else ""
        return kind(
            f"{self._endpoint.address} refused to embed (HTTP {response.status_code}): {said}",
            hint=hint or "Check `model` and `dimensions` of [embedder].",
            retry_after=retry_after(response.headers, time.time()),
        )
