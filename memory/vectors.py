"""Dense vectors: a help where they can be had, never a reason for memory to fail."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from journal.errors import JourneymanError
from llm.embedders.embedder import Embedder, Kind
from llm.errors import ContentRefused, ContextTooLong, InvalidRequest
from memory.shard import DENSE, Shard, Space
from memory.shard_thread import ShardThread

_log = logging.getLogger(__name__)

_QUERY_SECONDS = 3.0
_PAUSE_SECONDS = 30.0

_ABOUT_THE_TEXT = (ContentRefused, ContextTooLong, InvalidRequest)
"""Errors after which other texts may still be embedded."""


class DenseVectors:
    """An embedder and the space of its vectors in the store. Once it has failed it is left alone for a while, so that no
    search waits for it twice."""

    def __init__(self, embedder: Embedder, thread: ShardThread) -> None:
        self._embedder = embedder
        self._thread = thread
        self._rests_until = 0.0
        self._space: Space | None = None
        self.lacking = True
        """Whether some stored items may have no vector of this embedder."""

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def rests(self) -> bool:
        return time.monotonic() < self._rests_until

    async def of_query(self, text: str) -> list[float] | None:
        """``None`` where the embedder fails."""
        vectors = await self._embed([text], "query")
        return vectors[0] if vectors else None

    async def of_items(self, texts: Sequence[str]) -> list[dict[str, Any]] | None:
        """The named vector of each item's own text; ``None`` where the embedder fails."""
        vectors = await self._embed(texts, "document")
        return None if vectors is None else [{DENSE: vector} for vector in vectors]

    async def aclose(self) -> None:
        await self._embedder.aclose()

    async def _embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]] | None:
        """That the embedder fails is logged once for each pause."""
        if self.rests:
            return None
        try:
            async with asyncio.timeout(_QUERY_SECONDS if kind == "query" else None):
                vectors = await self._embedder.embed(texts, kind)
        except TimeoutError:
            self._rest(f"it did not answer within {_QUERY_SECONDS:.0f} seconds.")
        except _ABOUT_THE_TEXT as error:
            _log.warning("The embedder %s left a text out: %s", self.name, error.message)
        except JourneymanError as error:
            self._rest(error.message)
        else:
            await self._enter_space(Space(self.name, len(vectors[0])))
            return vectors
        return None

    def _rest(self, reason: str) -> None:
        self._rests_until = time.monotonic() + _PAUSE_SECONDS
        _log.warning("The embedder %s fails, so memory goes by words alone: %s", self.name, reason)

    async def _enter_space(self, space: Space) -> None:
        """Vectors of another model cannot be compared with these: they are dropped, and their items embedded anew."""
        if space == self._space:
            return
        stored = await self._thread.run(lambda shard: shard.space)
        if stored != space:
            if stored:
                _log.warning("The embedder is now %s, it was %s: memory is embedded anew.", space, stored)
            await self._thread.run(Shard.set_space, space)
            self.lacking = True
        self._space = space
