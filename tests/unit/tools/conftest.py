"""What a tool is called with: a real folder, and plain stand-ins for memory and the web."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from memory.items import Document, Ingested, Memory, Query, Recalled
from tools.types import Fetched, ToolContext


@dataclass
class Shelf(Memory):
    """A memory that returns what it was given and notes what it was asked."""

    hits: list[Recalled] = field(default_factory=list)
    asked: list[tuple[str, Query]] = field(default_factory=list)
    added: list[tuple[str, str, Document]] = field(default_factory=list)

    async def add(self, tenant: str, namespace: str, documents: Sequence[Document]) -> Ingested:
        self.added += [(tenant, namespace, document) for document in documents]
        return Ingested(added=len(documents), items=len(documents))

    async def search(self, tenant: str, query: Query) -> list[Recalled]:
        self.asked.append((tenant, query))
        return self.hits[: query.k]


@dataclass
class Pages:
    """A web of a few pages."""

    pages: dict[str, Fetched] = field(default_factory=dict)

    async def get(self, url: str, *, headers: dict[str, str] | None = None) -> Fetched:
        return self.pages[url]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def context(tmp_path: Path, shelf: Shelf, pages: Pages) -> ToolContext:
    return ToolContext(
        task_id="task_1",
        tenant="acme",
        call_id="call_1",
        idempotency_key="key_1",
        workspace=tmp_path / "workspace",
        memory=shelf,
        http=pages,
        namespaces=("docs",),
    )
