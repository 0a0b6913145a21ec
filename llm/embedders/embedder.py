"""What every embedder does, and which one the settings ask for."""

from collections.abc import Sequence
from typing import Literal, Protocol

from llm.settings import EmbedderSettings

Kind = Literal["document", "query"]
"""Some models embed what is searched for differently from what is searched in."""


class Embedder(Protocol):
    """A model that turns texts into vectors of one length. Errors are ``LlmError`` and ``ConfigurationError``."""

    @property
    def name(self) -> str:
        """The model, as its vectors are marked in the store; other names mean vectors that cannot be compared."""

    @property
    def dimensions(self) -> int | None:
        """The length of a vector; ``None`` until the first answer tells it."""

    async def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """One vector for each text, in their order."""

    async def aclose(self) -> None:
        """Let go of connections and of the model."""


def make_embedder(settings: EmbedderSettings | None) -> Embedder | None:
    """The embedder that is configured, not yet loaded or connected. Raises ``ConfigurationError``."""
    if settings is None:
        return None
    if settings.provider == "fastembed":
        from llm.embedders.fastembed import FastEmbed

        return FastEmbed(settings)
    if settings.provider == "sentence_transformers":
        from llm.embedders.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(settings)
    if settings.provider == "cohere":
        from llm.embedders.cohere import CohereEmbedder

        return CohereEmbedder(settings)
    from llm.embedders.openai_compatible import OpenAICompatibleEmbedder

    return OpenAICompatibleEmbedder(settings)
