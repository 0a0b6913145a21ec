"""``journeyman memory export`` and ``import``: all of memory as lines of JSON, from one store to another."""

import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import say, show_json

if TYPE_CHECKING:
    from journeyman.settings import Settings
    from memory.items import Ingested

Tenant = Annotated[str, typer.Option(help="Whose memory.")]


def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to write; absent: standard output.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Keep to this namespace.")] = None,
    tenant: Tenant = "default",
) -> None:
    """Write memory as lines of JSON, one for each source with its items, labels and ids.

    The store is opened here: an embedded one must not be in use by `serve`.

    \b
    Examples:
      journeyman memory export memory.jsonl
      JOURNEYMAN_QDRANT_URL=http://qdrant:6333 journeyman memory import memory.jsonl
    """
    count = run_async(_export(load_settings(ctx), file, namespace, tenant))
    say(f"Exported {count} source{'' if count == 1 else 's'}.")


async def _export(settings: "Settings", file: Path | None, namespace: str | None, tenant: str) -> int:
    from journal.errors import StorageError
    from memory.qdrant import open_memory

    memory = await open_memory(settings.home, settings.memory, None, settings.memory_server)
    count = 0
    part = file.with_name(f"{file.name}.part") if file else None
    try:
        out = part.open("w", encoding="utf-8") if part else sys.stdout
        try:
            async with aclosing(memory.export(tenant, namespace)) as lines:
                async for line in lines:
                    out.write(f"{line}\n")
                    count += 1
        finally:
            if part:
                out.close()
        if part and file:
            part.replace(file)
    except OSError as error:
        raise StorageError(f"{file or 'Standard output'} cannot be written: {error.strerror}.") from None
    finally:
        await memory.close()
    return count


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `memory export` wrote.")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Read what `memory export` wrote. What is there already costs nothing, so it can be done again.

    The store is opened here: an embedded one must not be in use by `serve`. Labels are taken as they stand in the file.

    \b
    Examples:
      journeyman memory import memory.jsonl
    """
    done = run_async(_import(load_settings(ctx), file, tenant))
    say(f"{done.added} new or changed, {done.unchanged} there already.")
    if as_json:
        show_json({"added": done.added, "unchanged": done.unchanged, "items": done.items})


async def _import(settings: "Settings", file: Path, tenant: str) -> "Ingested":
    from journal.errors import InvalidInput
    from llm.embedders.embedder import make_embedder
    from memory.qdrant import open_memory

    memory = await open_memory(settings.home, settings.memory, make_embedder(settings.embedder), settings.memory_server)
    try:
        with file.open(encoding="utf-8") as lines:
            return await memory.import_(tenant, lines)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    finally:
        await memory.close()
