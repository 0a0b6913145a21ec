"""An ingestion that is killed in the middle is gone on with, and ends as an unbroken one does."""

import os
import random
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from memory.items import Memory
from memory.qdrant import open_memory
from memory.settings import MemorySettings

CHILD = """
import asyncio, sys
from pathlib import Path
from memory.qdrant import open_memory
from memory.settings import MemorySettings

async def main():
    memory = await open_memory(Path(sys.argv[1]), MemorySettings(), None)
    await memory.add_path("t", "n", Path(sys.argv[2]), on_progress=lambda p: print(p.done, flush=True))

asyncio.run(main())
"""

SIZES = [pytest.param(300), pytest.param(2000, marks=pytest.mark.skipif(not os.environ.get("JOURNEYMAN_SLOW"), reason="slow"))]


def mixed_folder(folder: Path, files: int) -> Path:
    draw = random.Random(5)
    for number in range(files):
        words = " ".join(f"word{draw.randrange(3000)}" for _ in range(40))
        mail = EmailMessage()
        mail["From"], mail["Subject"] = "ada@example.org", f"mail {number}"
        mail.set_content(words)
        name, text = [
            ("md", f"# Note {number}\n\n{words}\n"),
            ("html", f"<h1>Page {number}</h1><p>{words}</p>"),
            ("csv", f"number,words\n{number},{words}\n"),
            ("json", f'{{"number": {number}, "words": "{words}"}}'),
            ("py", f'def f{number}():\n    """{words}"""\n\n\nclass C{number}:\n    pass\n'),
            ("eml", mail.as_string()),
            ("txt", "" if number % 14 else words),
        ][number % 7]
        file = folder / f"part{number % 5}" / f"{number}.{name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


async def listing(memory: Memory) -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = []
    after = None
    while items := await memory.items("t", after=after, limit=1000):
        found += [(item.id, item.source, item.position, item.text) for item in items]
        after = items[-1].id
    return found


def kill_in_the_middle(home: Path, docs: Path, after: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, home, docs], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= after:
            break
    child.kill()
    child.wait()
    child.stdout.close()


@pytest.mark.parametrize("files", SIZES)
async def test_killed_in_the_middle_and_run_again(tmp_path: Path, files: int) -> None:
    docs = mixed_folder(tmp_path / "docs", files)
    kill_in_the_middle(tmp_path / "killed", docs, files // 2)
    again = await open_memory(tmp_path / "killed", MemorySettings(), None)
    whole = await open_memory(tmp_path / "whole", MemorySettings(), None)
    try:
        resumed = await again.add_path("t", "n", docs)
        unbroken = await whole.add_path("t", "n", docs)
        assert resumed.unchanged > 0
        assert resumed.added > 0
        assert resumed.added + resumed.unchanged == unbroken.added
        assert resumed.skipped == unbroken.skipped
        assert await listing(again) == await listing(whole)
    finally:
        await again.close()
        await whole.close()
