"""Embedding models on this machine: ONNX by ``fastembed``, from a folder or from the hub's cache."""

import asyncio
import importlib.util
import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from journal.errors import ConfigurationError
from llm.embedders.embedder import Kind
from llm.errors import Unreachable
from llm.settings import EmbedderSettings

_HUB = "https://huggingface.co"
_PROBE_SECONDS = 2.0


class FastEmbed:
    """Loads the model with the first text, and works in a thread of its own."""

    def __init__(self, settings: EmbedderSettings) -> None:
        """Raises ``ConfigurationError`` where the package or the folder is missing."""
        if importlib.util.find_spec("fastembed") is None:
            raise ConfigurationError("The embedder `fastembed` is not installed.", hint="pip install 'journeyman[fastembed]'")
        if settings.folder is not None and not any(settings.folder.expanduser().rglob("*.onnx")):
            raise ConfigurationError(
                f"There is no ONNX model in {settings.folder}.",
                hint="Set `folder` of [embedder] to a folder with an ONNX file, its tokenizer and its configuration.",
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
        """Raises ``ConfigurationError`` for a model it does not know or cannot load, ``Unreachable`` without the hub."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, list(texts), kind)

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._model = None

    def _embed(self, texts: list[str], kind: Kind) -> list[list[float]]:
        if self._model is None:
            self._model = self._load()
        embed = self._model.query_embed if kind == "query" else self._model.embed
        vectors: list[list[float]] = [vector.tolist() for vector in embed(texts)]
        self._dimensions = len(vectors[0]) if vectors else self._dimensions
        return vectors

    def _load(self) -> Any:
        folder = self._settings.folder
        if folder is not None:
            return self._make(specific_model_path=str(folder.expanduser()))
        try:
            return self._make(local_files_only=True)
        except ConfigurationError:
            self._check_hub()
        return self._make()

    def _make(self, **where: Any) -> Any:
        from fastembed import TextEmbedding

        try:
            return TextEmbedding(self._settings.model, **where)
        except Exception as error:  # whatever the runtime, the tokenizer or the hub raise
            raise ConfigurationError(
                f"The embedding model {self._settings.model} cannot be loaded: {error}",
                hint="Check `model` and `folder` of [embedder].",
            ) from error

    def _check_hub(self) -> None:
        """A download that cannot succeed would be tried for most of a minute."""
        hub = urlsplit(os.environ.get("HF_ENDPOINT", _HUB))
        port = hub.port or (80 if hub.scheme == "http" else 443)
        try:
            socket.create_connection((hub.hostname or "", port), _PROBE_SECONDS).close()
        except OSError:
            raise Unreachable(
                f"The embedding model {self._settings.model} is not on this machine, and {hub.hostname} cannot be reached.",
                hint="Set `folder` of [embedder] to the model's folder.",
            ) from None
