"""Settings of models, routes and the embedder: ``[models.NAME]``, ``[routes.NAME]``, ``[embedder]``."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Price(BaseModel):
    """USD per million tokens.

    ``cached_input`` and ``cache_write`` (input that the provider puts into its prompt cache) default to ``input``, the
    latter to 1.25 times that at Anthropic, who asks so much for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(None, ge=0)
    cache_write: float | None = Field(None, ge=0)


Structured = Literal["json_schema", "json_object", "tool", "guided_json", "grammar"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ModelSettings(BaseModel):
    """One named model. ``api_key_env`` names the variable that holds the key, never the key itself.

    ``api`` chooses between OpenAI's two APIs (``responses`` by default; ``openai_compatible`` knows ``chat`` alone).
    ``api_version`` is Azure's, ``region`` Bedrock's and Vertex's, ``project`` Vertex's. ``structured`` is how the model is
    held to a JSON Schema, where not by its API's own default; ``effort`` how hard a reasoning model thinks. ``options``
    are sent to the API as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    price: Price | None = None
    context_window: int = Field(128_000, ge=1024)
    max_output_tokens: int = Field(8192, ge=1)
    timeout_seconds: float = Field(600.0, gt=0)
    vision: bool = True
    structured: Structured | None = None
    effort: Effort | None = None
    api: Literal["responses", "chat"] | None = None
    api_version: str | None = None
    region: str | None = None
    project: str | None = None
    options: dict[str, object] = Field(default_factory=dict)


class RouteSettings(BaseModel):
    """Candidates for one role, cheapest first; the later ones are also the fallbacks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = Field(min_length=1)
    strategy: Literal["first", "cheapest"] = "first"


class EmbedderSettings(BaseModel):
    """Absent altogether: recall uses BM25 alone. ``folder`` is an ONNX model on disk, so that nothing is downloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["fastembed", "openai_compatible", "openai", "cohere", "sentence_transformers"]
    model: str
    folder: Path | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    dimensions: int | None = Field(None, ge=1)
