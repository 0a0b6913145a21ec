"""Memory moves from one store to another and back, whole and as often as one likes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journal.errors import InvalidInput
from journeyman.testing.qdrant_server import qdrant_server
from memory.items import Document, Query, private_label
from memory.qdrant import QdrantMemory, open_memory
from memory.settings import MemorySettings
from trust.labels import Label, Trust, Visibility

REVIEWED = Label(sources=("user",), trust=Trust.TRUSTED, visibility=Visibility.PRIVATE)
RULES = "# Rules\n\n## Fees\n\nBerth fees are 43 euros.\n\n## Pilots\n\nChannel 12.\n\n## Again\n\nChannel 12.\n"
NOTES = [
    Document(RULES, "rules.md", private_label("rules.md"), "text/markdown", {"year": 2026}),
    Document("Pay Alice.", "own", REVIEWED),
]


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[QdrantMemory, QdrantMemory]]:
    async with qdrant_server() as server:
        embedded = await open_memory(tmp_path, MemorySettings(), None)
        remote = await open_memory(tmp_path, MemorySettings(), None, server.url)
        yield embedded, remote
        await embedded.close()
        await remote.close()


async def lines_of(memory: QdrantMemory, tenant: str = "t", namespace: str | None = None) -> list[str]:
    return [line async for line in memory.export(tenant, namespace)]


async def test_what_is_moved_is_the_same_there_and_again_here(stores: tuple[QdrantMemory, QdrantMemory]) -> None:
    embedded, remote = stores
    await embedded.add("t", "n", NOTES)
    await embedded.add("other", "n", [Document("Not yours.", "x", private_label("x"))])
    lines = await lines_of(embedded)
    done = await remote.import_("t", lines)
    assert (done.added, done.unchanged, done.items) == (2, 0, 4)
    assert await remote.items("t") == await embedded.items("t")
    assert await remote.items("other") == []
    assert await lines_of(remote) == lines
    assert (await remote.search("t", Query("berth fees")))[0].item.source == "rules.md"
    again = await remote.import_("t", lines)
    assert (again.added, again.unchanged, again.items) == (0, 2, 0)
    assert (await remote.add("t", "n", NOTES)).unchanged == 2  # ingestion knows it, too


async def test_a_namespace_alone(stores: tuple[QdrantMemory, QdrantMemory]) -> None:
    embedded, _ = stores
    await embedded.add("t", "red", NOTES[1:])
    await embedded.add("t", "blue", NOTES[1:])
    assert len(await lines_of(embedded)) == 2
    assert len(await lines_of(embedded, namespace="red")) == 1
    assert await lines_of(embedded, tenant="nobody") == []


@pytest.mark.parametrize("bad", ["{", '{"format": 2}', '{"format": 1, "namespace": "n"}', "[]"])
async def test_a_bad_line_is_named_and_what_stands_before_it_is_stored(
    stores: tuple[QdrantMemory, QdrantMemory], bad: str
) -> None:
    embedded, remote = stores
    await embedded.add("t", "n", NOTES)
    first, second = await lines_of(embedded)
    with pytest.raises(InvalidInput, match="Line 2 is no line of a memory export"):
        await remote.import_("t", [first, bad, second])
    assert await lines_of(remote) == [first]
