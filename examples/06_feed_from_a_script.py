"""Feed memory from a program of yours: the pipeline is a library call, the one that `memory add` uses.

    python examples/06_feed_from_a_script.py

Run again with the same rows it would store nothing; a row that changes replaces itself.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterable
from typing import Any

from journeyman import Client

ROWS = [
    {"berth": 1, "depth": "4.2 metres", "state": "free"},
    {"berth": 2, "depth": "9 metres", "state": "taken by Sunna"},
]


async def feed(rows: Iterable[dict[str, object]]) -> tuple[int, int]:
    """How many were new or changed, and how many unchanged. Without a running `serve` it works in this process."""
    from journeyman.connection import connect
    from journeyman.settings import Settings

    added = unchanged = 0
    async with connect(Settings.load()) as client:
        for row in rows:
            done = await remember(client, row)
            added, unchanged = added + done["added"], unchanged + done["unchanged"]
        best = (await client.search("which berth is free", k=1, namespace="berths"))["items"][0]
        print("found:", best["text"], "--", best["source"])
    return added, unchanged


async def remember(client: Client, row: dict[str, object]) -> dict[str, Any]:
    """The source is the row's own key, so that the row can be replaced; its ending tells that the text is a table."""
    text = ",".join(row) + "\n" + ",".join(map(str, row.values()))
    return await client.remember(text, f"berth {row['berth']}.csv", namespace="berths")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["JOURNEYMAN_HOME"] = home
        print("first run, (new, unchanged):", asyncio.run(feed(ROWS)))
        ROWS[0]["state"] = "taken by Freya"
        print("second run, (new, unchanged):", asyncio.run(feed(ROWS)))
