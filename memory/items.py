"""What memory holds and what recall returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from trust.labels import Label, Trust, Visibility


def private_label(source: str) -> Label:
    """The label of what a user adds to memory: theirs alone to see, and without a say over what is done."""
    return Label(sources=(f"memory:{source}",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)


@dataclass(frozen=True, slots=True)
class Document:
    """A text to remember. ``source`` names it for people (a relative path, a URL); ``label`` stays with every piece of it."""

    text: str
    source: str
    label: Label
    media_type: str = "text/plain"
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One remembered unit. ``position`` tells where in the source it stands, for a person: ``lines 12-18``, ``page 3``,
    ``row 7``, ``$.items[2]``; ``heading`` is the path of headings above it, joined by `` > ``."""

    id: str
    tenant: str
    namespace: str
    text: str
    source: str
    position: str
    label: Label
    created_at: datetime
    heading: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recalled:
    """An item that recall found. ``score`` is in [0, 1], higher is better, comparable within one search only; ``why``
    says in a few words what made it match."""

    item: MemoryItem
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Query:
    """What to recall. ``namespaces`` of ``None`` means all of the tenant's."""

    text: str
    k: int = 8
    namespaces: tuple[str, ...] | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingestion did, in sources: ``added`` are new or changed ones, ``removed`` those gone from disk; ``items`` counts
    the pieces written. ``skipped`` maps a source to one sentence on why it was left out; what memory held of it stays.
    ``duplicates`` maps a source to the one that holds the same content, and is stored for both."""

    added: int = 0
    unchanged: int = 0
    removed: int = 0
    items: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingestion is: sources done of all, and the one at hand."""

    done: int
    total: int
    source: str


class Memory(Protocol):
    """Retrieval memory. Every method is scoped to one tenant; errors are those of ``memory.errors``."""

    async def add(self, tenant: str, namespace: str, documents: Sequence[Document]) -> Ingested:
        """Remember documents. One that is already there under the same source, unchanged, costs nothing; a changed one
        replaces its old pieces."""

    async def add_path(
        self,
        tenant: str,
        namespace: str,
        path: Path,
        *,
        source: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ingested:
        """Remember a file, or a folder with all below it; of a folder, what is gone from disk is forgotten.

        ``source`` names a file that was handed over and only passes through ``path``.
        """

    async def search(self, tenant: str, query: Query) -> list[Recalled]:
        """The best ``query.k`` items, best first."""

    async def get(self, tenant: str, item_id: str) -> MemoryItem:
        """One item. Raises ``NotFound``."""

    async def forget(self, tenant: str, item_id: str) -> None:
        """Remove one item for good. Raises ``NotFound``."""

    async def items(
        self,
        tenant: str,
        *,
        namespace: str | None = None,
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[MemoryItem]:
        """Items in the order of their ids, from behind ``after``."""

    async def close(self) -> None:
        """Write what is pending and let go of the store."""
