"""Files and folders: all formats, incremental, and nothing bad brings it down."""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pypdf import PdfWriter

from journal.errors import InvalidInput
from memory.errors import UnreadableDocument
from memory.items import Document, Memory, Progress, Query, private_label

Open = Callable[..., Awaitable[Memory]]


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


async def found(memory: Memory, question: str) -> tuple[str, str, str]:
    item = (await memory.search("t", Query(question)))[0].item
    return item.source, item.position, item.heading


async def test_a_folder_of_every_format(memory: Memory, tmp_path: Path) -> None:
    docs = write(
        tmp_path / "docs",
        harbour__md="# Harbour\n\n## Fees\n\nBerth fees are 43 euros.\n",
        notes__txt="The crane is broken.\n\nIt lifts no more.\n",
        page__html="<title>Port</title><h1>Waste</h1><p>Oily waste goes to berth four.</p>",
        ports__csv="port,depth\nKiel,11 metres\nBremen,10 metres\n",
        ferry__json=json.dumps({"line": "Baltic", "trips": [{"to": "Oslo", "hour": 14}, {"to": "Riga", "hour": 20}]}),
        log__jsonl='{"event": "fog"}\n{"event": "storm"}\n',
    )
    write(docs / "sub", pilots__md="# Pilots\n\nPilots answer on channel 12.\n")
    done = await memory.add_path("t", "n", docs)
    assert (done.added, done.skipped) == (7, {})
    assert await found(memory, "berth fees") == ("harbour.md", "line 5", "Harbour > Fees")
    assert await found(memory, "broken crane") == ("notes.txt", "lines 1-3", "")
    assert await found(memory, "oily waste") == ("page.html", "paragraph 2", "Port > Waste")
    assert await found(memory, "depth in Bremen") == ("ports.csv", "rows 2-3", "")
    assert await found(memory, "trip to Riga") == ("ferry.json", "$.trips[0-1]", "")
    assert await found(memory, "storm event") == ("log.jsonl", "lines 1-2", "")
    assert await found(memory, "pilots channel") == ("sub/pilots.md", "line 3", "Pilots")
    (label,) = {item.label for item in await memory.items("t", source="sub/pilots.md")}
    assert label == private_label("sub/pilots.md")


async def test_only_what_changed_is_read_again_and_what_is_gone_is_forgotten(memory: Memory, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a__md="alpha", b__md="bravo", c__md="charlie")
    assert (await memory.add_path("t", "n", docs)).added == 3
    before = {item.source: item.created_at for item in await memory.items("t")}
    (docs / "b.md").write_text("bravo two")
    (docs / "c.md").unlink()
    done = await memory.add_path("t", "n", docs)
    assert (done.added, done.unchanged, done.removed, done.items) == (1, 1, 1, 1)
    after = {item.source: item for item in await memory.items("t")}
    assert {source: item.text for source, item in after.items()} == {"a.md": "alpha", "b.md": "bravo two"}
    assert after["a.md"].created_at == before["a.md"]


async def test_folders_and_documents_do_not_forget_each_other(memory: Memory, tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", readme__md="first"), write(tmp_path / "two", readme__md="second", own__md="own")
    await memory.add("t", "n", [Document("handed over", "note", private_label("note"))])
    await memory.add_path("t", "n", one)
    done = await memory.add_path("t", "n", two)
    assert done.removed == 0
    assert {item.source: item.text for item in await memory.items("t")} == {
        "note": "handed over",
        "readme.md": "first",
        "two/readme.md": "second",
        "own.md": "own",
    }
    again = [await memory.add_path("t", "n", folder) for folder in (two, one)]
    assert [(done.added, done.unchanged) for done in again] == [(0, 2), (0, 1)]
    (two / "readme.md").unlink()
    assert (await memory.add_path("t", "n", two)).removed == 1
    assert {item.source for item in await memory.items("t")} == {"note", "readme.md", "own.md"}


async def test_a_single_file_is_named_by_its_name(memory: Memory, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", harbour__md="Fees are 43 euros.")
    assert (await memory.add_path("t", "n", docs / "harbour.md")).added == 1
    assert (await memory.add_path("t", "n", docs)).unchanged == 1
    assert (await memory.items("t"))[0].source == "harbour.md"


async def test_progress_tells_of_each_file(memory: Memory, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a__md="alpha", b__md="")
    steps: list[Progress] = []
    await memory.add_path("t", "n", docs, on_progress=steps.append)
    assert steps == [Progress(0, 2, "a.md"), Progress(1, 2, "b.md"), Progress(2, 2, "b.md")]


def bad_files(folder: Path) -> dict[str, str]:
    """Writes a file for every way to be bad; maps it to what must be said."""
    folder.mkdir()
    (folder / "binary.dat").write_bytes(os.urandom(5000) + b"\x00\x01")
    (folder / "empty.md").write_bytes(b"")
    (folder / "blank.txt").write_text(" \n\n\t\n")
    (folder / "latin.txt").write_bytes("Gebühr am Kai".encode("latin-1"))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and then nothing of the kind")
    (folder / "broken.json").write_text('{"a": [1, 2')
    (folder / "deep.json").write_text("[" * 50_000 + "]" * 50_000)
    (folder / "wide.csv").write_text("a,b\n" + "x" * 200_000 + ",y\n")
    (folder / "empty.html").write_text("<html><script>1</script></html>")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(200_000_000)  # sparse: it would take a while to read
    (folder / "gone.md").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.txt")
    locked = PdfWriter()
    locked.add_blank_page(100, 100)
    locked.encrypt("password", algorithm="RC4-128")
    locked.write(folder / "locked.pdf")
    return {
        "binary.dat": "binary file",
        "empty.md": "empty",
        "blank.txt": "empty",
        "latin.txt": "not UTF-8",
        "broken.pdf": "not a readable PDF",
        "broken.json": "not valid JSON",
        "deep.json": "nested too deeply",
        "wide.csv": "not readable as a table",
        "empty.html": "empty",
        "huge.txt": "200,000,000 bytes; the limit is 50,000,000",
        "gone.md": "cannot be opened: No such file",
        "pipe.txt": "not a regular file",
        "locked.pdf": "encrypted",
    }


async def test_every_bad_file_is_skipped_with_one_sentence(memory: Memory, tmp_path: Path) -> None:
    expected = bad_files(tmp_path / "bad")
    (tmp_path / "bad" / "good.md").write_text("The good one.")
    done = await memory.add_path("t", "n", tmp_path / "bad")
    assert done.added == 1
    assert set(done.skipped) == set(expected)
    for name, said in expected.items():
        assert said in done.skipped[name], (name, done.skipped[name])
        assert "\n" not in done.skipped[name]
    assert [item.text for item in await memory.items("t")] == ["The good one."]


async def test_a_single_bad_file_is_an_error(memory: Memory, tmp_path: Path) -> None:
    for name, said in bad_files(tmp_path / "bad").items():
        if name == "gone.md":
            continue
        with pytest.raises(UnreadableDocument, match=said) as refusal:
            await memory.add_path("t", "n", tmp_path / "bad" / name)
        assert name in refusal.value.message


async def test_what_became_unreadable_stays_as_it_was(memory: Memory, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a__json='{"fee": 43}')
    await memory.add_path("t", "n", docs)
    (docs / "a.json").write_text('{"fee": 44')
    assert "not valid JSON" in (await memory.add_path("t", "n", docs)).skipped["a.json"]
    assert [item.text for item in await memory.items("t")] == ["fee: 43"]


async def test_where_nothing_is(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file or folder"):
        await memory.add_path("t", "n", tmp_path / "absent")


async def test_limits_come_from_the_settings(opened: Open, tmp_path: Path) -> None:
    memory = await opened(max_file_bytes=1000, chunk_chars=100)
    docs = write(tmp_path / "docs", long__txt="x " * 501, fit__txt="Every word of it is kept. " * 30)
    done = await memory.add_path("t", "n", docs)
    assert "limit is 1,000" in done.skipped["long.txt"]
    items = await memory.items("t")
    assert len(items) >= 8
    assert max(len(item.text) for item in items) <= 100
    refused = await memory.add("t", "n", [Document("y" * 1001, "y", private_label("y"))])
    assert "1,000" in refused.skipped["y"]


async def test_other_chunks_are_made_when_their_size_is_changed(opened: Open, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a__txt="A sentence of some words. " * 40)
    large = await opened()
    assert (await large.add_path("t", "n", docs)).items == 1
    await large.close()
    small = await opened(chunk_chars=200)
    assert (await small.add_path("t", "n", docs)).items > 4
    assert max(len(item.text) for item in await small.items("t")) <= 200
