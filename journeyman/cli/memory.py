"""``journeyman memory``: put documents into memory, search it, look through it, forget."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli import memory_transfer
from journeyman.cli.context import load_settings, run_async
from journeyman.cli.dead_letters import DeadLetters
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json, Limit
from journeyman.cli.output import one_line, safe, say, show, show_json, show_table
from journeyman.cli.stdin import stdin_text

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings

app = typer.Typer(help="Put documents into memory; search, list and forget them.", no_args_is_help=True)

app.command("export")(memory_transfer.export)
app.command("import")(memory_transfer.import_)

Namespace = Annotated[str | None, typer.Option(help="Keep to this namespace.")]


@app.command()
def add(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", help="Files, and folders with all below them.")
    ] = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="A text instead; `-` reads it from standard input.")] = None,
    source: Annotated[str | None, typer.Option(help="With --text: its name in citations; the same again replaces it.")] = None,
    namespace: Annotated[str, typer.Option(help="Where to put it.")] = "default",
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what was left out before.")] = False,
    as_json: Json = False,
) -> None:
    """Put documents into memory: text, Markdown, HTML, PDF, DOCX, e-mail, program text, CSV, JSON(L), Parquet.

    What is there already costs nothing, so a run that was cut short is simply run again. What cannot be read is named and
    left out (`memory failed` lists it); exits 1 if nothing could be read.

    \b
    Examples:
      journeyman memory add handbook/ notes.md
      journeyman memory add --text "The office closes at six." --source "notice board"
      journeyman memory add --retry-failed
    """
    from journal.errors import InvalidInput

    settings = load_settings(ctx)
    if retry_failed:
        if paths or text is not None:
            raise InvalidInput("--retry-failed goes alone.", hint="It takes the paths from the list of failures.")
        result = run_async(_retry(settings))
        _told(result, as_json)
        return
    if (text is None) == (not paths):
        raise InvalidInput("There is nothing to add.", hint="Give files or folders, or a text with --text, but not both.")
    missing = [str(path) for path in paths or () if not path.exists()]
    if missing:
        raise InvalidInput(f"There is no {', no '.join(missing)}.", hint="Check the path; nothing was added.")
    if text is not None:
        result = run_async(_add_text(settings, stdin_text() if text == "-" else text, source, namespace))
    else:
        result = run_async(_add_paths(settings, [(path, namespace) for path in paths or []]))
    _told(result, as_json)


def _told(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(result)
    if not result["added"] + result["unchanged"] + len(result["duplicates"]) and (result["skipped"] or not result["removed"]):
        raise typer.Exit(Exit.FAILED)


@app.command()
def failed(ctx: typer.Context, as_json: Json = False) -> None:
    """List what was left out of memory, and why.

    \b
    Examples:
      journeyman memory failed
      journeyman memory failed --json
    """
    letters = DeadLetters(load_settings(ctx).home).all()
    if as_json:
        show_json([asdict(letter) for letter in letters])
    else:
        shown = ((one_line(x.source), x.namespace, str(x.attempts), x.at, one_line(x.why, 200)) for x in letters)
        show_table(("SOURCE", "NAMESPACE", "ATTEMPTS", "AT", "WHY"), shown, wide="WHY")


async def _add_text(settings: "Settings", text: str, source: str | None, namespace: str) -> dict[str, Any]:
    from journeyman.connection import connect
    from trust.digest import digest

    async with connect(settings) as client:
        added = await client.remember(text, source or f"note {digest(text)[:8]}", namespace=namespace)
    say(f"Remembered as {added['source']!r}.")
    return {**added, "skipped": {}, "duplicates": {}}


async def _retry(settings: "Settings") -> dict[str, Any]:
    letters = DeadLetters(settings.home).all()
    if not letters:
        say("Nothing was left out.")
        return _nothing() | {"unchanged": 1}
    return await _add_paths(settings, list(dict.fromkeys((Path(x.path), x.namespace) for x in letters)))


def _nothing() -> dict[str, Any]:
    return {"added": 0, "unchanged": 0, "removed": 0, "items": 0, "skipped": {}, "duplicates": {}}


async def _add_paths(settings: "Settings", paths: list[tuple[Path, str]]) -> dict[str, Any]:
    """What was done with all of these paths and namespaces together. What cannot be read is told, and the rest goes on."""
    from journal.errors import InvalidInput
    from journeyman.cli.documents import ingest
    from journeyman.connection import connect

    total = _nothing()
    letters = DeadLetters(settings.home)
    async with connect(settings) as client:
        for path, namespace in paths:
            try:
                result = await ingest(client, path, namespace)
            except InvalidInput as error:
                say(f"{error.message} {error.hint}".strip())
                result = _nothing() | {"skipped": {str(path): error.message}}
            letters.record(path, namespace, result["skipped"])
            total = {
                name: value | result[name] if isinstance(value, dict) else value + result[name]
                for name, value in total.items()
            }
    if total["skipped"]:
        say(f"{len(total['skipped'])} left out: `memory failed` lists them, `memory add --retry-failed` tries again.")
    return total


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="At most so many.")] = 8,
    namespace: Namespace = None,
    as_json: Json = False,
) -> None:
    """Search memory; the best matches first, each with its source and the position in it.

    \b
    Examples:
      journeyman memory search "berth fees"
      journeyman memory search "berth fees" -k 3 --json
    """
    run_async(_search(load_settings(ctx), query, k, namespace, as_json))


async def _search(settings: "Settings", query: str, k: int, namespace: str | None, as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        items = (await client.search(query, k=k, namespace=namespace))["items"]
    if as_json:
        show_json(items)
    elif items:
        show("\n\n".join(_found(item) for item in items))
    else:
        say("Nothing in memory matches.")


def _found(item: "Document") -> str:
    place = f"{one_line(item['source'])}, {one_line(item['position'])}"
    head = f"{item['score']:.2f}  {place}  ({item['id']})"
    return "\n".join([head, *("      " + line for line in safe(item["text"]).splitlines())])


@app.command("list")
def list_items(
    ctx: typer.Context,
    namespace: Namespace = None,
    source: Annotated[str | None, typer.Option(help="Only the pieces of this source.")] = None,
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Go on where the last page ended.")] = None,
    as_json: Json = False,
) -> None:
    """List what memory holds, piece by piece.

    \b
    Examples:
      journeyman memory list
      journeyman memory list --source harbour.md --json
    """
    run_async(_list(load_settings(ctx), namespace, source, limit, after, as_json))


async def _list(
    settings: "Settings", namespace: str | None, source: str | None, limit: int, after: str | None, as_json: bool
) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        page = await client.items(namespace=namespace, source=source, limit=limit, after=after)
    if as_json:
        show_json(page["items"])
    else:
        show_table(
            ("ID", "NAMESPACE", "SOURCE", "POSITION", "TEXT"),
            ((i["id"], i["namespace"], i["source"], i["position"], one_line(i["text"], 200)) for i in page["items"]),
            wide="TEXT",
        )
    if page.get("next"):
        say(f"There are more: --after {page['next']}")


@app.command()
def forget(
    ctx: typer.Context,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id; `memory list` shows it.")],
) -> None:
    """Remove one item from memory for good.

    \b
    Examples:
      journeyman memory forget m_01k2...
    """
    run_async(_forget(load_settings(ctx), item_id))


async def _forget(settings: "Settings", item_id: str) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        await client.forget(item_id)
    say(f"{item_id} is forgotten.")
