"""One process owns the store; what it promised survives its death."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from journal.errors import StorageError
from memory.errors import MemoryBusy
from memory.items import Document, Memory, Query, private_label

Open = Callable[..., Awaitable[Memory]]

CHILD = """
import asyncio, sys
from pathlib import Path
from memory.qdrant import open_memory
from memory.items import Document, private_label
from memory.settings import MemorySettings

async def main():
    memory = await open_memory(Path(sys.argv[1]), MemorySettings(), None)
    number = 0
    while True:
        await memory.add("t", "n", [Document(f"promise number{number}\\n" * 3, f"s{number}", private_label("s"))])
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


async def start(home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(home), stdout=asyncio.subprocess.PIPE)


async def lines(process: asyncio.subprocess.Process, count: int) -> None:
    assert process.stdout
    for _ in range(count):
        assert await process.stdout.readline()


async def test_what_add_returned_for_survives_kill_9(tmp_path: Path, opened: Open) -> None:
    promised = 0
    for _ in range(2):
        process = await start(tmp_path / "home")
        await lines(process, 8)
        process.send_signal(signal.SIGKILL)
        assert process.stdout
        rest = (await process.stdout.read()).split()
        promised = max([promised, 7, *map(int, rest)])
        await process.wait()
    memory = await opened()
    sources = {item.source for item in await memory.items("t", limit=1000)}
    assert {f"s{number}" for number in range(promised + 1)} <= sources
    found = await memory.search("t", Query("number7"))
    assert found[0].item.source == "s7"


async def test_a_second_process_is_told_who_owns_it(tmp_path: Path, opened: Open) -> None:
    process = await start(tmp_path / "home")
    await lines(process, 1)
    memory = await opened()
    with pytest.raises(MemoryBusy, match=f"in use by process {process.pid}") as refusal:
        await memory.items("t")
    assert "journeyman serve" in refusal.value.hint
    process.kill()
    await process.wait()
    assert await memory.items("t")  # the same object works as soon as the owner is gone


async def test_opening_alone_takes_no_lock(tmp_path: Path, opened: Open) -> None:
    await opened()
    assert not (tmp_path / "home").exists()
    user = await opened()
    await user.add("t", "n", [Document("text", "s", private_label("s"))])


async def test_a_closed_memory_says_so_and_frees_the_folder(opened: Open) -> None:
    first = await opened()
    await first.add("t", "n", [Document("text", "s", private_label("s"))])
    await first.close()
    await first.close()
    with pytest.raises(StorageError, match="closed"):
        await first.items("t")
    second = await opened()
    assert len(await second.items("t")) == 1


async def test_a_creation_cut_short_is_made_anew(tmp_path: Path, opened: Open) -> None:
    half = tmp_path / "home" / "memory" / "shard" / "segments"
    half.mkdir(parents=True)
    (half / "rest").write_text("of a creation that was killed")
    memory = await opened()
    await memory.add("t", "n", [Document("text", "s", private_label("s"))])
    assert len(await memory.items("t")) == 1


@pytest.mark.parametrize(
    ("about", "said"), [("{", "is damaged"), ('{"format": 99, "space": null}', "newer version"), ("[]", "is damaged")]
)
async def test_a_store_that_cannot_be_opened_is_one_clear_error(tmp_path: Path, opened: Open, about: str, said: str) -> None:
    folder = tmp_path / "home" / "memory"
    folder.mkdir(parents=True)
    (folder / "about.json").write_text(about)
    memory = await opened()
    for _ in range(2):  # the lock is not kept by a failure
        with pytest.raises(StorageError, match=said):
            await memory.items("t")


async def test_a_store_whose_data_is_gone_is_one_clear_error(tmp_path: Path, opened: Open) -> None:
    folder = tmp_path / "home" / "memory"
    folder.mkdir(parents=True)
    (folder / "about.json").write_text('{"format": 1, "space": null}')
    memory = await opened()
    with pytest.raises(StorageError, match="damaged") as refusal:
        await memory.items("t")
    assert "add the documents again" in refusal.value.hint


async def test_importing_memory_loads_none_of_the_heavy_packages() -> None:
    code = (
        "import sys, memory.qdrant, llm.embedders.embedder;"
        "print([m for m in ('qdrant_edge','trafilatura','lxml','pypdf','semchunk','numpy','openai') if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"
