"""What ``doctor`` says of the key of credentials and webhook secrets."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.cli.finding import Finding

if TYPE_CHECKING:
    from journeyman.settings import Settings


def secrets(settings: "Settings") -> Iterator[Finding]:
    """Whether what lies sealed in the database opens here. ``examination`` reports a key that is missing or no key."""
    from journal import upgrading

    url = settings.journal_url
    if url.startswith("sqlite") and not Path(url.partition(":///")[2]).expanduser().exists():
        yield Finding("secrets", "ok", "None are kept.")
    elif upgrading.status(url).pending:
        yield Finding("secrets", "warning", "They can be seen after the migrations.", "Run `journeyman db upgrade`.")
    else:
        yield _finding(*asyncio.run(_closed(settings)))


def _finding(kept: int, closed: int) -> Finding:
    if closed:
        found = f"{closed} of {kept} sealed credentials and webhook secrets do not open with the key that is here."
        mend = "Give every process the same JOURNEYMAN_CREDENTIALS_KEY (or credentials.key), with the older keys in it."
        return Finding("secrets", "problem", found, mend)
    return Finding("secrets", "ok", f"{kept} sealed credentials and webhook secrets open." if kept else "None are kept.")


async def _closed(settings: "Settings") -> tuple[int, int]:
    from agents.sealing import Seal
    from journal.database import Database

    opened = await Database.open(settings.journal_url)
    try:
        return await Seal.of(opened, settings.home).closed()
    finally:
        await opened.close()
