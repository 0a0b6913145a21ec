"""Keeping a served memory in step with a folder, over the API."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from journal.errors import InvalidInput
from memory.ingest.folders import Listing, list_folder
from memory.items import Ingested, Progress
from trust.digest import digest_bytes

if TYPE_CHECKING:
    from journeyman.client import Client, Document

_PAGE = 500


def namespace_of(path: Path) -> str:
    """A namespace of the path's own: the same however the path is written, and another for every other path."""
    resolved = path.resolve()
    readable = re.sub(r"[^a-z0-9]+", "-", resolved.name.lower()).strip("-")[:40] or "root"
    return f"{readable}-{digest_bytes(str(resolved).encode(errors='surrogateescape'))[:12]}"


async def upload_path(
    client: "Client", path: Path, namespace: str, on_progress: Callable[[Progress], None] | None
) -> "Document":
    """Upload a file, or a folder with all below it.

    In a folder's own namespace what is gone from disk is forgotten. In any other the API cannot tell what came from it,
    and of what could not be listed nothing is known to be gone.
    """
    listing, is_folder = await asyncio.to_thread(_listing, path)
    files = listing.files
    counts = {"added": 0, "unchanged": 0, "removed": 0, "items": 0}
    skipped = dict(listing.unread)
    for done, (source, file) in enumerate(files.items()):
        if on_progress:
            on_progress(Progress(done, len(files), source))
        try:
            answer = await client.upload(file, source=source, namespace=namespace)
        except (InvalidInput, OSError) as error:
            skipped[source] = str(error)
        else:
            counts = {name: count + answer[name] for name, count in counts.items()}
    if is_folder and not listing.unread and namespace == namespace_of(path):
        counts["removed"] += await _forget_all_but(client, namespace, files)
    return asdict(Ingested(skipped=skipped)) | counts


def _listing(path: Path) -> tuple[Listing, bool]:
    """What is to be read, named as ``Memory.add_path`` names it, and whether ``path`` is a folder."""
    if path.is_dir():
        return list_folder(path), True
    return Listing(files={path.name: path}), False


async def _forget_all_but(client: "Client", namespace: str, sources: dict[str, Path]) -> int:
    gone: set[str] = set()
    after = None
    while True:
        page = await client.items(namespace=namespace, after=after, limit=_PAGE)
        for item in page["items"]:
            if item["source"] not in sources:
                gone.add(item["source"])
                await client.forget(item["id"])
        if (after := page["next"]) is None:
            return len(gone)
