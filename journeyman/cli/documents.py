"""Reading documents into memory from the command line, with a progress bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.cli.output import one_line, say

if TYPE_CHECKING:
    from journeyman.client import Client, Document
    from memory.items import Progress


async def ingest(client: "Client", path: Path, namespace: str) -> "Document":
    """Bring ``namespace`` in step with ``path`` and say what was done; what is there already costs nothing."""
    with _bar() as on_progress:
        result = await client.add_path(path, namespace, on_progress=on_progress)
    read = result["added"] + result["unchanged"]
    news = f"{result['added']} new or changed, {result['removed']} removed"
    say(f"{path}: {read} document{'' if read == 1 else 's'} in memory ({news})")
    for source, why in result["skipped"].items():
        say(f"  left out {one_line(source)}: {one_line(why, 200)}")
    return result


@contextmanager
def _bar() -> Iterator["Callable[[Progress], None] | None"]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("", total=None)

        def on_progress(progress: "Progress") -> None:
            bar.update(shown, completed=progress.done, total=progress.total, description=one_line(progress.source, 60))

        yield on_progress
