"""Memory on a Qdrant server over the wire: shared by processes, down in the middle, behind a key."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from journal.errors import ConfigurationError, StorageError, StorageUnavailable
from journeyman.testing.qdrant_server import QdrantServer, qdrant_server
from llm.embedders.embedder import Embedder, make_embedder
from llm.settings import EmbedderSettings
from memory.edge_points import EdgePoints
from memory.items import Document, Query, private_label
from memory.qdrant import QdrantMemory, open_memory
from memory.server_points import ServerPoints, connecting
from memory.settings import MemorySettings
from memory.store import Points, Space


@pytest.fixture
async def server() -> AsyncIterator[QdrantServer]:
    async with qdrant_server() as running:
        yield running


async def on(server: QdrantServer, embedder: Embedder | None = None, **settings: Any) -> QdrantMemory:
    return await open_memory(Path("/nowhere"), MemorySettings(**settings), embedder, server.url)


def note(text: str, source: str = "note") -> Document:
    return Document(text, source, private_label(source))


async def test_two_processes_share_it(server: QdrantServer, embeddings: Any) -> None:
    def bag() -> Embedder | None:
        return make_embedder(EmbedderSettings(provider="openai_compatible", model="bag", base_url=embeddings.url))

    one, other = await on(server, bag()), await on(server, bag())
    await asyncio.gather(*(m.add("t", "n", [note("A vessel lies at the quay.", f"s{n}")]) for n, m in enumerate((one, other))))
    assert {item.source for item in await one.items("t")} == {"s0", "s1"}
    (found, *_) = await other.search("t", Query("boat"))
    assert found.why == "similar in meaning"
    await one.forget("t", found.item.id)
    assert found.item.id not in [item.id for item in await other.items("t")]
    await one.close()
    await other.close()


async def test_changes_of_one_source_by_many_processes_leave_one_version_whole(server: QdrantServer) -> None:
    def version(name: str) -> Document:
        text = "".join(f"# {name} {n}\n\n{name} {n}\n\n" for n in range(20))
        return Document(text, "note", private_label("note"), "text/markdown")

    processes = [await on(server) for _ in range(3)]
    names = ("alpha", "bravo", "charlie")
    await asyncio.gather(*(m.add("t", "n", [version(name)]) for m, name in zip(processes, names, strict=True)))
    items = await processes[0].items("t", limit=1000)
    (name,) = {item.text.split()[0] for item in items}
    assert len(items) == 20
    assert (await processes[0].add("t", "n", [version(name)])).unchanged == 1
    for memory in processes:
        await memory.close()


async def test_down_in_the_middle_loses_nothing_and_the_next_run_goes_on(server: QdrantServer) -> None:
    memory = await on(server)
    documents = [note(f"Fact number{n}.", f"s{n}") for n in range(200)]
    await memory.add("t", "n", documents[:64])
    server.refuses_after = len(server.requests)  # enough for another batch, not for all
    cut = await memory.add("t", "n", documents)
    assert cut.skipped
    assert all("does not answer" in why for why in cut.skipped.values())
    with pytest.raises(StorageUnavailable, match="does not answer"):
        await memory.search("t", Query("number7"))
    server.refuses, server.refuses_after = False, None
    before = len(await memory.items("t", limit=1000))
    assert 0 < before < 200
    done = await memory.add("t", "n", documents)
    assert (done.added + done.unchanged, len(await memory.items("t", limit=1000))) == (200, 200)
    assert done.unchanged >= 64
    assert (await memory.search("t", Query("number150")))[0].item.source == "s150"
    await memory.close()


async def test_a_hiccup_is_not_noticed(server: QdrantServer) -> None:
    memory = await on(server)
    await memory.add("t", "n", [note("one")])
    server.refuses = True
    adding = asyncio.create_task(memory._points.put([(uuid4(), {}, {"kind": "x"})]))
    asked = len(server.requests)
    while len(server.requests) == asked:
        await asyncio.sleep(0)
    server.refuses = False
    await adding
    await memory.close()


async def test_the_key_goes_by_its_variable_and_is_never_told(server: QdrantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.key = "s3cret"
    without = await on(server)
    with pytest.raises(StorageError, match="does not accept the key") as refusal:
        await without.items("t")
    assert "qdrant_api_key_env" in refusal.value.hint
    monkeypatch.setenv("MY_QDRANT_KEY", "s3cret")
    memory = await on(server, qdrant_api_key_env="MY_QDRANT_KEY")
    assert await memory.items("t") == []
    await memory.close()
    monkeypatch.delenv("MY_QDRANT_KEY")
    with pytest.raises(ConfigurationError, match="MY_QDRANT_KEY holds no key"):
        await on(server, qdrant_api_key_env="MY_QDRANT_KEY")


@pytest.mark.parametrize("url", ["localhost:6333", "http://", "ftp://host"])
async def test_an_impossible_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="qdrant_url"):
        await open_memory(Path("/nowhere"), MemorySettings(), None, url)


@pytest.mark.parametrize("backend", ["embedded", "server"])
async def test_vectors_of_a_wrong_size_are_refused_and_the_rest_stays(
    backend: str, server: QdrantServer, tmp_path: Path
) -> None:
    points: Points = EdgePoints(tmp_path)
    if backend == "server":
        points = ServerPoints(connecting(server.url, MemorySettings()), "wrong", server.url)
    space = Space("model", 4)
    await points.add_space(space)
    good, bad = uuid4(), uuid4()
    await points.put([(good, {space.vector_name: [1.0, 0.0, 0.0, 0.0]}, {"kind": "x"})])
    with pytest.raises(StorageError, match="refused an operation"):
        await points.put([(bad, {space.vector_name: [1.0] * 5}, {"kind": "x"})])
    assert set(await points.get([good, bad])) == {good}
    await points.close()
