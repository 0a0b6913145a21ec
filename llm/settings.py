"""Settings of models, routes and the embedder: ``[models.NAME]``, ``[routes.NAME]``, ``[embedder]``."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Price(BaseModel):
    """USD per million tokens. ``cached_input`` defaults to ``input``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(None, ge=0)


class ModelSettings(BaseModel):
    """One named model. ``api_key_env`` names the variable that holds the key, never the key itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    price: Price | None = None
    context_window: int = Field(128_000, ge=1024)
    max_output_tokens: int = Field(8192, ge=1)
    timeout_seconds: float = Field(600.0, gt=0)
    options: dict[str, object] = Field(default_factory=dict)


class RouteSettings(BaseModel):
    """Candidates for one role, cheapest first; the later ones are also the fallbacks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = Field(min_length=1)
    strategy: Literal["first", "cheapest"] = "first"


class EmbedderSettings(BaseModel):
    """Absent altogether: recall uses BM25 alone. ``folder`` is an ONNX model on disk, so that nothing is downloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["fastembed", "openai_compatible"]
    model: str
    folder: Path | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    dimensions: int | None = Field(None, ge=1)
