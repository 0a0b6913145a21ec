"""Embedding models on this machine by ``sentence-transformers``, which brings PyTorch along."""

import asyncio
import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from journal.errors import ConfigurationError
from llm.embedders.embedder import Kind
from llm.settings import EmbedderSettings


class SentenceTransformersEmbedder:
    """Loads the model with the first text, and works in a thread of its own."""

    def __init__(self, settings: EmbedderSettings) -> None:
        """Raises ``ConfigurationError`` where the package is missing."""
        if importlib.util.find_spec("sentence_transformers") is None:
            raise ConfigurationError(
                "The embedder `sentence_transformers` is not installed.",
                hint="pip install 'journeyman[sentence-transformers]'",
            )
        self._settings = settings
        self._dimensions = settings.dimensions
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._model: Any = None

    @property
    def name(self) -> str:
        return self._settings.model

    @property
    def dimensions(self) -> int | None:
        return self._dimensions

    async def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Raises ``ConfigurationError`` for a model that cannot be loaded."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, list(texts), kind)

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._model = None

    def _embed(self, texts: list[str], kind: Kind) -> list[list[float]]:
        if self._model is None:
            self._model = self._load()
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        vectors: list[list[float]] = encode(texts, show_progress_bar=False).tolist()
        self._dimensions = len(vectors[0]) if vectors else self._dimensions
        return vectors

    def _load(self) -> Any:
        from sentence_transformers import SentenceTransformer

        folder = self._settings.folder
        try:
            where = str(folder.expanduser()) if folder else self._settings.model
            return SentenceTransformer(where, truncate_dim=self._settings.dimensions)
        except Exception as error:  # whatever the framework or the hub raise
            raise ConfigurationError(
                f"The embedding model {self._settings.model} cannot be loaded: {error}",
                hint="Check `model` and `folder` of [embedder].",
            ) from error
