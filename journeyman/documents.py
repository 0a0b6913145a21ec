"""Keeping a served memory in step with a folder, over the API."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from journal.errors import InvalidInput
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

    In a folder's own namespace what is gone from disk is forgotten. In any other the API cannot tell what came from it.
    """
    files, is_folder = dict(_files(path)), path.is_dir()  # noqa: ASYNC240  (a short look at a local disk)
    counts = {"added": 0, "unchanged": 0, "removed": 0, "items": 0}
    skipped: dict[str, str] = {}
    for done, (source, file) in enumerate(files.items()):
        if on_progress:
            on_progress(Progress(done, len(files), source))
        try:
            answer = await client.upload(file, source=source, namespace=namespace)
        except (InvalidInput, OSError) as error:
            skipped[source] = str(error)
        else:
            counts = {name: count + answer[name] for name, count in counts.items()}
    if is_folder and namespace == namespace_of(path):
        counts["removed"] += await _forget_all_but(client, namespace, files)
    return asdict(Ingested(**counts, skipped=skipped))


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Source and file; hidden files and folders are left out."""
    if not path.is_dir():
        yield path.name, path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                yield file.relative_to(path).as_posix(), file


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
