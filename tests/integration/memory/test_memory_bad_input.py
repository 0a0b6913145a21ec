"""Whatever a folder holds is named, counted and listed at the end, and the rest goes on."""

import asyncio
import io
import mailbox
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from journal.errors import StorageError
from memory.ingest import pipeline
from memory.ingest.loaders import Source
from memory.ingest.pipeline import Known
from memory.items import Ingested, Memory, Query
from memory.settings import MemorySettings

Open = Callable[..., Awaitable[Memory]]

SMALL = {"max_file_bytes": 50_000}


def table(rows: int, *, first: str = "Kiel") -> str:
    return "port,fee\n" + "".join(f"{first if n == 0 else f'port {n}'},{n} euros a metre\n" for n in range(rows))


async def sources(memory: Memory) -> set[str]:
    found: set[str] = set()
    after = None
    while items := await memory.items("t", after=after, limit=1000):
        found |= {item.source for item in items}
        after = items[-1].id
    return found


async def listing(memory: Memory) -> list[tuple[str, str, str]]:
    return [(item.source, item.position, item.text) for item in await memory.items("t", limit=1000)]


async def test_a_table_beyond_the_limit_is_kept_in_parts(opened: Open, tmp_path: Path) -> None:
    memory = await opened(**SMALL)
    docs = tmp_path / "docs"
    docs.mkdir()
    file = docs / "fees.csv"
    file.write_text(table(3000))
    done = await memory.add_path("t", "n", docs)
    parts = await sources(memory)
    assert done.skipped == {}
    assert len(parts) == done.added > 25
    assert "fees.csv#row=2" in parts
    best = (await memory.search("t", Query("port 2999")))[0].item
    assert "port: port 2999; fee: 2999 euros a metre" in best.text
    assert best.position.endswith("-3001")

    assert (await memory.add_path("t", "n", docs)).unchanged == done.added
    with file.open("a") as more:
        more.write("Bremen,7 euros\n")
    grown = await memory.add_path("t", "n", docs)
    assert (grown.added, grown.unchanged) == (1, done.added - 1)

    file.write_text(table(2000))
    await memory.add_path("t", "n", docs)
    assert len(await sources(memory)) < len(parts)
    file.write_text(table(10))
    await memory.add_path("t", "n", docs)
    assert await sources(memory) == {"fees.csv"}
    file.write_text(table(3000))
    await memory.add_path("t", "n", file)
    assert await sources(memory) == parts
    file.unlink()
    assert (await memory.add_path("t", "n", docs)).removed == len(parts)
    assert await sources(memory) == set()


async def test_a_mailbox_beyond_the_limit(opened: Open, tmp_path: Path) -> None:
    memory = await opened(**SMALL)
    box = mailbox.mbox(tmp_path / "all.mbox")
    for number in range(300):
        box.add(f"From: a@example.org\nSubject: mail {number}\n\nThe crane {number} is broken. {'So it is. ' * 20}\n")
    box.close()
    done = await memory.add_path("t", "n", tmp_path / "all.mbox")
    assert done.added > 1
    assert (await memory.search("t", Query("crane 288")))[0].item.position.startswith("message")


def latin_from_the_middle(folder: Path) -> None:
    (folder / "late.csv").write_bytes(table(3000).encode() + "Gebühr,3\n".encode("latin-1"))


def endless_line(folder: Path) -> None:
    (folder / "line.jsonl").write_bytes(b'{"a": "' + b"x" * 60_000)


def broken_line(folder: Path) -> None:
    (folder / "line.jsonl").write_bytes(b'{"a": 1}\n' * 6000 + b"{\n")


def binary_table(folder: Path) -> None:
    (folder / "table.csv").write_bytes(b"a,b\n" + b"\x00" * 60_000)


def html_bomb(folder: Path) -> None:
    (folder / "bomb.html").write_text("<div>" * 9000 + "deep")


def zip_in_zip(folder: Path) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    for file, name, data in ((inner, "a", b"text"), (outer, "inner.zip", inner)):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, data if isinstance(data, bytes) else data.getvalue())
    (folder / "all.zip").write_bytes(outer.getvalue())


def mixed_encodings(folder: Path) -> None:
    (folder / "mixed.txt").write_bytes("Gebühr ".encode() + "Gebühr".encode("latin-1"))


def nothing(folder: Path) -> None:
    (folder / "nothing.docx").write_bytes(b"")
    (folder / "nothing.eml").write_bytes(b"")
    (folder / "nothing.mbox").write_bytes(b"")
    (folder / "nothing.parquet").write_bytes(b"")
    (folder / "nothing.py").write_bytes(b"")
    (folder / "nothing.jsonl").write_bytes(b"")


BAD: dict[Callable[[Path], None], tuple[set[str], str]] = {
    latin_from_the_middle: ({"late.csv"}, "not UTF-8"),
    endless_line: ({"line.jsonl"}, "a line of more than 50,000"),
    broken_line: ({"line.jsonl"}, "Line 6001 is not valid JSON"),
    binary_table: ({"table.csv"}, "binary file"),
    html_bomb: ({"bomb.html"}, "nested too deeply"),
    zip_in_zip: ({"all.zip"}, "a ZIP archive, which is not opened"),
    mixed_encodings: ({"mixed.txt"}, "not UTF-8"),
    nothing: ({f"nothing.{end}" for end in ("docx", "eml", "mbox", "parquet", "py", "jsonl")}, "empty"),
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
async def test_bad_ones_are_named_and_the_rest_goes_on(opened: Open, tmp_path: Path, make: Callable[[Path], None]) -> None:
    memory = await opened(**SMALL)
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "aaa.md").write_text("the first")
    (docs / "zzz.md").write_text("the last")
    make(docs)
    names, said = BAD[make]
    done = await memory.add_path("t", "n", docs)
    assert set(done.skipped) == names
    for why in done.skipped.values():
        assert said in why
        assert "\n" not in why
    assert {"aaa.md", "zzz.md"} <= await sources(memory)


async def test_links_that_go_round_are_no_harm(memory: Memory, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "sub").mkdir(parents=True)
    (docs / "a.md").write_text("alpha")
    (docs / "sub" / "up").symlink_to(docs)
    (docs / "self.md").symlink_to(docs / "self.md")
    done = await memory.add_path("t", "n", docs)
    assert done.added == 1
    assert "cannot be opened: Too many levels" in done.skipped["self.md"]


async def test_one_content_is_kept_once(memory: Memory, tmp_path: Path) -> None:
    docs, other = tmp_path / "docs", tmp_path / "other"
    for folder, names in ((docs, ("a.md", "b.md")), (other, ("c.md",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("the same words")
    done = await memory.add_path("t", "n", docs)
    assert (done.added, done.duplicates) == (1, {"b.md": "a.md"})
    assert (await memory.add_path("t", "n", other)).duplicates == {"c.md": "a.md"}
    assert (await memory.add_path("t", "n", docs)).duplicates == {"b.md": "a.md"}
    assert await sources(memory) == {"a.md"}
    (docs / "a.md").write_text("other words")
    assert (await memory.add_path("t", "n", docs)).added == 2
    (docs / "a.md").write_text("the same words")
    assert (await memory.add_path("t", "n", docs)).duplicates == {"b.md": "a.md"}
    assert await listing(memory) == [("a.md", "line 1", "the same words")]


async def test_another_tenant_sees_and_forgets_nothing(memory: Memory, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("alpha")
    await memory.add_path("t", "n", docs)
    assert (await memory.add_path("u", "n", docs)).duplicates == {}
    (docs / "a.md").unlink()
    assert (await memory.add_path("u", "n", docs)).removed == 1
    assert await sources(memory) == {"a.md"}


@dataclass
class FailingShelf:
    """A shelf whose store refuses the calls of these numbers."""

    refused: frozenset[int]
    kept: dict[str, Source] = field(default_factory=dict)
    calls: int = 0

    async def known(self, names: Sequence[str] | None = None) -> dict[str, Known]:
        return {name: Known(source.digest, source.origin) for name, source in self.kept.items()}

    async def put(self, sources: Sequence[Source]) -> None:
        await asyncio.sleep(0)
        self.calls += 1
        if self.calls in self.refused:
            raise StorageError("The store does not answer.")
        self.kept |= {source.name: source for source in sources}

    async def remove(self, names: Sequence[str]) -> None:
        for name in names:
            del self.kept[name]


async def add(shelf: FailingShelf, docs: Path) -> Ingested:
    return await pipeline.add_path(shelf, docs, MemorySettings())


@pytest.mark.parametrize(("refused", "calls"), [({2}, 8), ({2, 3, 4}, 4), ({1, 3, 5, 7}, 8)])
async def test_a_store_that_is_down_in_the_middle(tmp_path: Path, refused: set[int], calls: int) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(64 * 8):
        (docs / f"{number:04}.md").write_text(f"fact {number}")
    shelf = FailingShelf(frozenset(refused))
    done = await add(shelf, docs)
    assert shelf.calls == calls
    assert len(shelf.kept) == done.added
    assert done.added + len(done.skipped) == 64 * 8
    assert set(done.skipped.values()) <= {"The store does not answer.", "It was not tried: the store refused those before it."}
    shelf.refused = frozenset()
    again = await add(shelf, docs)
    assert (again.added, again.unchanged) == (len(done.skipped), done.added)
