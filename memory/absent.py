"""Memory where there can be none: the embedded store has one owner, and this is one of many processes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from journal.errors import Conflict
from memory.items import Document, Ingested, MemoryItem, Progress, Query, Recalled


class MemoryAbsent(Conflict):
    """This process has no memory."""


class AbsentMemory:
    """A ``Memory`` whose every use is refused with one sentence; a task that needs none is not disturbed."""

    async def add(self, tenant: str, namespace: str, documents: Sequence[Document]) -> Ingested:
        raise _refusal()

    async def add_path(
        self,
        tenant: str,
        namespace: str,
        path: Path,
        *,
        source: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ingested:
        raise _refusal()

    async def search(self, tenant: str, query: Query) -> list[Recalled]:
        if query.namespaces == ():
            return []
        raise _refusal()

    async def get(self, tenant: str, item_id: str) -> MemoryItem:
        raise _refusal()

    async def forget(self, tenant: str, item_id: str) -> None:
        raise _refusal()

    async def items(
        self,
        tenant: str,
        *,
        namespace: str | None = None,
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[MemoryItem]:
        raise _refusal()

    async def close(self) -> None:
        """Nothing to let go of."""


def _refusal() -> MemoryAbsent:
    return MemoryAbsent(
        "Several processes cannot share the embedded memory.",
        hint="Set qdrant_url (JOURNEYMAN_QDRANT_URL) to a Qdrant server; without one only `journeyman serve` has memory.",
    )
