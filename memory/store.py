"""What memory needs of a vector store, whichever it is: the one inside this process, or a server."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from trust.digest import digest

OWN = "own"
WINDOW = "window"

INDEXED = ("tenant", "namespace", "source", "kind")
"""Payload fields that every store keeps an index of."""

Vectors = dict[str, Any]
"""Named vectors: lists of numbers, or sparse ones with ``indices`` and ``values``."""
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Space:
    """The embedding space of dense vectors: which model made them, and their length."""

    name: str
    dimensions: int

    @property
    def vector_name(self) -> str:
        """What its vectors are called in the store."""
        return f"dense-{digest([self.name, self.dimensions])[:12]}"

    def __str__(self) -> str:
        return f"{self.name} ({self.dimensions} dimensions)"


@dataclass(frozen=True, slots=True)
class Where:
    """A filter on payload fields: each has the value, or one of the values; those of ``unlike`` have another one."""

    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    unlike: Mapping[str, str] = field(default_factory=dict)


def matching(**fields: str | Sequence[str] | None) -> Where:
    """A filter on payload fields: a value, one of several values, or anything for ``None``."""
    return Where({key: value for key, value in fields.items() if value is not None})


class Points(Protocol):
    """Points with an id, named vectors and a payload. ``OWN`` and ``WINDOW`` are sparse vectors, whose words the store weighs
    by their rarity. Errors are those of ``memory.errors``."""

    shared: bool
    """Whether other processes write to it too."""

    async def spaces(self) -> tuple[Space, ...]:
        """The spaces of the dense vectors, oldest first."""

    async def add_space(self, space: Space) -> None:
        """Make room for the vectors of one more space."""

    async def drop_space(self, space: Space) -> None:
        """Drop a space with all its vectors."""

    async def put(self, points: Iterable[tuple[UUID, Vectors, Payload]]) -> None:
        """Insert or replace points. Raises ``StorageFull`` before anything of a batch is written."""

    async def set_vectors(self, vectors: Iterable[tuple[UUID, Vectors]]) -> None:
        """Replace the named vectors of points, and leave their others."""

    async def set_payload(self, uid: UUID, payload: Payload) -> None:
        """Set these fields of a point, and leave its others."""

    async def delete(self, ids: Sequence[UUID]) -> None:
        """Remove points."""

    async def delete_matching(self, where: Where) -> None:
        """Remove all matching points."""

    async def get(self, ids: Sequence[UUID]) -> dict[UUID, Payload]:
        """The payloads of those of the points that are there."""

    async def page(self, where: Where, start: UUID | None, limit: int) -> tuple[list[tuple[UUID, Payload]], UUID | None]:
        """Matching points in the order of their ids, from ``start`` on, and the id where the next page starts."""

    async def search(
        self, vectors: Vectors, where: Where, *, limit: int, corpus: Where
    ) -> dict[str, list[tuple[UUID, float]]]:
        """For each named vector the ids and scores of the nearest points, best first. How rare a word is, is counted in
        ``corpus``."""

    async def sync(self) -> None:
        """Make what was written survive a power cut; the death of the process it survives anyway."""

    async def close(self) -> None:
        """Wait for what is under way, then let go of the store."""


_PAGE = 1000


async def scroll(points: Points, where: Where) -> list[tuple[UUID, Payload]]:
    """All matching points in the order of their ids."""
    found: list[tuple[UUID, Payload]] = []
    start: UUID | None = None
    while True:
        page, start = await points.page(where, start, _PAGE)
        found += page
        if start is None:
            return found
