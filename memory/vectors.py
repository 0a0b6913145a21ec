"""Dense vectors: a help where they can be had, never a reason for memory to fail."""

import asyncio
import logging
import time
from collections.abc import Sequence

from journal.errors import JourneymanError
from llm.embedders.embedder import Embedder, Kind
from llm.errors import ContentRefused, ContextTooLong, InvalidRequest
from memory.store import Points, Space, Vectors

_log = logging.getLogger(__name__)

_QUERY_SECONDS = 3.0
_PAUSE_SECONDS = 30.0

_ABOUT_THE_TEXT = (ContentRefused, ContextTooLong, InvalidRequest)
"""Errors after which other texts may still be embedded."""


class DenseVectors:
    """An embedder and the space of its vectors in the store. Once it has failed it is left alone for a while, so that no
    search waits for it twice."""

    def __init__(self, embedder: Embedder, points: Points) -> None:
        self._embedder = embedder
        self._points = points
        self._entering = asyncio.Lock()
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

    async def space(self) -> Space | None:
        """The space of the embedder's vectors; asks it, if need be. ``None`` where it fails."""
        if self._space is None:
            await self._embed(["?"], "document")
        return self._space

    async def of_query(self, text: str) -> Vectors:
        """The query's named vector. Nothing where the embedder fails, or where its vectors are still being made while those of
        another one are what is searched."""
        vectors = await self._embed([text], "query")
        spaces = await self._points.spaces() if vectors else ()
        if not vectors or not spaces or spaces[0] != self._space:
            return {}
        return {spaces[0].vector_name: vectors[0]}

    async def of_items(self, texts: Sequence[str]) -> list[Vectors] | None:
        """The named vector of each item's own text; ``None`` where the embedder fails."""
        vectors = await self._embed(texts, "document")
        if vectors is None or self._space is None:
            return None
        return [{self._space.vector_name: vector} for vector in vectors]

    async def switch(self) -> None:
        """All items have this embedder's vectors: search by them, and let go of the others."""
        for space in await self._points.spaces():
            if self._space and space != self._space:
                await self._points.drop_space(space)
                _log.warning("Memory is embedded anew by %s; what %s made is dropped.", self._space, space)

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
        """Vectors of another model cannot be compared with these: those stay until all items are embedded anew."""
        async with self._entering:
            if space == self._space:
                return
            stored = await self._points.spaces()
            if space not in stored:
                if stored:
                    _log.warning("The embedder is now %s, it was %s: memory is embedded anew.", space, stored[0])
                await self._points.add_space(space)
                self.lacking = True
            self._space = space
