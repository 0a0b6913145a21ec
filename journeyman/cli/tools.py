"""``journeyman tools``: the tools there are, and one call of one by hand."""

from fnmatch import fnmatchcase
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
    listed = run_async(_tools(load_settings(ctx)))
    tools = listed["tools"]
    if as_json:
        show_json(tools)
    else:
        show_table(
            ("NAME", "ORIGIN", "DOES", "DESCRIPTION"),
            ((t["name"], t["origin"], does(t), t["description"].split("\n")[0]) for t in tools),
            wide="DESCRIPTION",
        )
    for absent in listed["absent"]:
        say(one_line(f"{absent['name']} cannot be used: {absent['why']}. {absent['hint']}".strip()))


@app.command("show")
def show_tool(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show one tool: its description, its arguments and its hints.

    \b
    Examples:
      journeyman tools show calculate
    """
    from journal.errors import NotFound
    from journeyman.cli.lookup import pick

    listed = run_async(_tools(load_settings(ctx)))
    for absent in listed["absent"]:
        if fnmatchcase(name, absent["name"]) and name not in {t["name"] for t in listed["tools"]}:
            raise NotFound(f"{name} cannot be used: {absent['why']}.", hint=absent["hint"])
    tool = pick("tool", name, {t["name"]: t for t in listed["tools"]})
    if as_json:
        show_json(tool)
    else:
        show(_card(tool))


async def _tools(settings: "Settings") -> "Document":
    from journeyman.connection import connect

    async with connect(settings) as client:
        return await client.tools()


def does(tool: "Document") -> str:
    """What a tool does, in a word; what an MCP server that is not trusted says of itself is only its claim."""
    mcp = tool["mcp"]
    if mcp is None or mcp["trusted"]:
        return effect_of(tool["hints"])
    return f"asks (claims: {effect_of(mcp['claims'])})"


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
        f"Does:    {does(tool)}",
        f"Version: {tool['version']}",
        *_mcp_lines(tool["mcp"]),
        "Arguments:",
    ]
    needed = tool["parameters"].get("required", [])
    for name, schema in tool["parameters"].get("properties", {}).items():
        about = one_line(schema.get("description", ""))
        must = "required" if name in needed else f"default {schema.get('default')!r}"
        lines.append(one_line(f"{name} ({kind_of(schema)}, {must})") + (f": {about}" if about else ""))
    return "\n".join(lines)


def _mcp_lines(mcp: "Document | None") -> list[str]:
    if mcp is None:
        return []
    counts = "its hints count" if mcp["trusted"] else "its hints do not count, and every call asks"
    return [
        f"Server:  {mcp['server']}, {'trusted' if mcp['trusted'] else 'not trusted'}: {counts}",
        f"Pinned:  {mcp['pinned_at']}",
    ]


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
    settings = load_settings(ctx)
    tool, output = run_async(_called(settings, name, arg or [], json_args, workspace, yes))
    _show_output(tool, output, as_json)


async def _called(
    settings: "Settings", name: str, pairs: list[str], whole: str | None, workspace: Path | None, yes: bool
) -> tuple["Tool", "ToolOutput"]:
    from journeyman.cli.tool_call import arguments, call_by_hand, registry_of

    async with registry_of(settings) as registry:
        await registry.refresh([name])
        tool = registry.get(name)
        args = arguments(tool, pairs, whole)
        if not (yes or tool.hints.read_only or (tool.workspace_only and workspace is None)):
            _ask_first(tool, args)
        return tool, await call_by_hand(settings, tool, args, workspace)


@app.command("approve")
def approve_tool(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
) -> None:
    """Approve what an MCP server has changed about one of its tools, after a look at the difference.

    \b
    Examples:
      journeyman tools approve files.read
      journeyman tools approve files.read --yes
    """
    from journeyman.cli.tool_approval import approve

    run_async(approve(load_settings(ctx), name, yes))


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
