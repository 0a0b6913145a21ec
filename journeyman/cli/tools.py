"""``journeyman tools``: the tools there are, and one call of one by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import is_interactive, one_line, safe, say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings
    from tools.types import Tool, ToolOutput

app = typer.Typer(help="Look at tools, and call one by hand.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The tool's name.")]


@app.command("list")
def list_tools(ctx: typer.Context, as_json: Json = False) -> None:
    """List the tools: what each does, where it comes from, and whether it only reads.

    \b
    Examples:
      journeyman tools list
      journeyman tools list --json
    """
    tools = run_async(_tools(load_settings(ctx)))
    if as_json:
        show_json(tools)
    else:
        show_table(
            ("NAME", "ORIGIN", "DOES", "DESCRIPTION"),
            ((t["name"], t["origin"], effect_of(t["hints"]), t["description"].split("\n")[0]) for t in tools),
            wide="DESCRIPTION",
        )


@app.command("show")
def show_tool(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show one tool: its description, its arguments and its hints.

    \b
    Examples:
      journeyman tools show calculate
    """
    from journeyman.cli.lookup import pick

    tool = pick("tool", name, {t["name"]: t for t in run_async(_tools(load_settings(ctx)))})
    if as_json:
        show_json(tool)
    else:
        show(_card(tool))


async def _tools(settings: "Settings") -> list["Document"]:
    from journeyman.connection import connect

    async with connect(settings) as client:
        tools: list[Document] = (await client.tools())["tools"]
    return tools


def effect_of(hints: "Document") -> str:
    """What a tool's hints promise, in a word; a tool that says nothing counts as an effect."""
    if hints.get("read_only"):
        return "reads"
    if hints.get("idempotent"):
        return "changes, repeatable"
    return "destroys" if hints.get("destructive") else "changes"


def _card(tool: "Document") -> str:
    lines = [one_line(tool["name"]), "", *("  " + line for line in safe(tool["description"]).splitlines()), ""]
    lines += [
        f"Origin:  {tool['origin']}",
        f"Does:    {effect_of(tool['hints'])}",
        f"Version: {tool['version']}",
        "Arguments:",
    ]
    needed = tool["parameters"].get("required", [])
    for name, schema in tool["parameters"].get("properties", {}).items():
        about = one_line(schema.get("description", ""))
        must = "required" if name in needed else f"default {schema.get('default')!r}"
        lines.append(one_line(f"{name} ({kind_of(schema)}, {must})") + (f": {about}" if about else ""))
    return "\n".join(lines)


def kind_of(schema: "Document") -> str:
    """The JSON types a schema allows, in words."""
    kinds = schema.get("type") or [part.get("type", "any") for part in schema.get("anyOf", [])] or ["any"]
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


@app.command("call")
def call_tool(
    ctx: typer.Context,
    name: Name,
    arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="One argument; may be repeated.")] = None,
    json_args: Annotated[str | None, typer.Option(metavar="JSON", help="All arguments, as one JSON object.")] = None,
    workspace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Its workspace [default: one that is thrown away].")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a call that changes something.")] = False,
    as_json: Json = False,
) -> None:
    """Call one tool by hand. No task, no model, no journal: what it does is not recorded.

    \b
    Examples:
      journeyman tools call calculate --arg expression="2 * 21"
      journeyman tools call write_file --json-args '{"path": "a.txt", "text": "hi"}' --workspace . --yes
    """
    from journeyman.cli.tool_call import arguments, call_by_hand
    from tools.registry import build_registry

    settings = load_settings(ctx)
    tool = build_registry(settings.tools).get(name)
    args = arguments(tool, arg or [], json_args)
    if not (yes or tool.hints.read_only or (tool.workspace_only and workspace is None)):
        _ask_first(tool, args)
    output = run_async(call_by_hand(settings, tool, args, workspace))
    _show_output(tool, output, as_json)


def _ask_first(tool: "Tool", args: dict[str, Any]) -> None:
    """Let a person agree to an effect. Raises ``InvalidInput`` where nobody can be asked."""
    import json

    from journal.errors import InvalidInput

    if not is_interactive():
        raise InvalidInput(
            f"{tool.name} changes something, and nobody can be asked here.", hint="Give --yes to agree beforehand."
        )
    say(f"{tool.name} would be called with {json.dumps(args, ensure_ascii=False)}.")
    if not typer.confirm("Call it?", err=True):
        say("Nothing was done.")
        raise typer.Exit(Exit.CANCELED)


def _show_output(tool: "Tool", output: "ToolOutput", as_json: bool) -> None:
    if not as_json:
        show(output.content)
        return
    label = output.label or tool.label
    show_json(
        {
            "content": output.content,
            "data": output.data,
            "label": label.model_dump(mode="json"),
            "sources": [source.model_dump(mode="json") for source in output.sources],
        }
    )
