"""Memory at 10,000 items: inserts a second and search times, beside a plain loop over the same texts.

    python -m benchmarks.memory [ITEMS]

The plain loop keeps the texts in a list and scores each by the words it shares with the query.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from memory.items import Document, Query, private_label
from memory.qdrant import open_memory
from memory.settings import MemorySettings

_QUERIES = 300
_TO_MB = 1 / 1_000_000


def corpus(items: int) -> list[str]:
    draw = random.Random(7)
    words = [f"word{number}" for number in range(20_000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    return [" ".join(draw.choices(words, weights, k=60)) for _ in range(items)]


def questions() -> list[str]:
    draw = random.Random(11)
    return [" ".join(f"word{int(draw.paretovariate(0.5)) % 20_000}" for _ in range(8)) for _ in range(_QUERIES)]


async def p95(ask: Callable[[str], Awaitable[object]]) -> float:
    """Seconds."""
    times = []
    for question in questions():
        start = time.perf_counter()
        await ask(question)
        times.append(time.perf_counter() - start)
    return sorted(times)[int(0.95 * len(times))]


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 * _TO_MB


async def measure(items: int, home: Path) -> None:
    texts = corpus(items)
    bags = [set(text.split()) for text in texts]

    async def scan(question: str) -> object:
        wanted = set(question.split())
        return sorted(range(len(bags)), key=lambda number: -len(wanted & bags[number]))[:8]

    before = resident_mb()
    memory = await open_memory(home, MemorySettings(), None)
    start = time.perf_counter()
    for first in range(0, items, 1000):
        part = texts[first : first + 1000]
        await memory.add("t", "n", [Document(t, f"s{first + n}", private_label("s")) for n, t in enumerate(part)])
    inserting = time.perf_counter() - start
    start = time.perf_counter()
    await memory.add("t", "n", [Document(t, f"s{n}", private_label("s")) for n, t in enumerate(texts)])
    again = time.perf_counter() - start

    plain = await p95(scan)
    searching = await p95(lambda question: memory.search("t", Query(question)))
    print(f"items                {items}")
    print(f"inserts/s            {items / inserting:.0f}")
    print(f"unchanged/s          {items / again:.0f}   ({inserting / again:.1f}x faster than inserting)")
    print(
        f"search p95           {searching * 1000:.1f} ms   ({searching / plain:.2f} of a plain loop's {plain * 1000:.1f} ms)"
    )
    print(f"resident memory      +{resident_mb() - before:.0f} MB")
    await memory.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, Path(folder)))
