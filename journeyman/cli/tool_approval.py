"""``journeyman tools approve``: a person's word on what an MCP server has changed about a tool."""

import difflib
import json
from typing import TYPE_CHECKING, Any

import typer

from journal.errors import ConfigurationError, InvalidInput, NotFound
from journeyman.cli.exits import Exit
from journeyman.cli.output import is_interactive, safe, say, show

if TYPE_CHECKING:
    from journeyman.settings import Settings


async def approve(settings: "Settings", name: str, yes: bool) -> None:
    """Ask the server once more, show what is different, and pin it if the person agrees."""
    from journeyman.home import prepare
    from tools.mcp.pins import Pins
    from tools.mcp.servers import PINS_FILE, McpServers

    server, _, tool = name.partition(".")
    if server not in settings.mcp_servers or not tool:
        known = ", ".join(settings.mcp_servers) or "none"
        raise NotFound(f"{name} is no tool of an MCP server.", hint=f"MCP servers in the settings: {known}.")
    pins = Pins(prepare(settings.home) / PINS_FILE)
    source = McpServers({server: settings.mcp_servers[server]}, pins)
    try:
        await source.refresh()
    finally:
        await source.aclose()
    if (problem := source.servers[server].problem) is not None:
        raise ConfigurationError(f"The MCP server {server} cannot be used: {problem}.", hint="`journeyman doctor` says more.")
    pin = pins.get(server, tool)
    if pin.pending is None:
        say(f"{name} is as it was approved; there is nothing to approve.")
        return
    show(_difference(pin.accepted, pin.pending))
    if not yes:
        _ask(name)
    await _write_down(settings, name, pin.pending)
    pins.approve(server, tool, pin.pending)
    say(f"{name} is approved as it is now. Tasks that start from now on may use it.")


async def _write_down(settings: "Settings", name: str, definition: dict[str, Any]) -> None:
    from journal.audit import Act, AuditLog
    from journal.database import Database
    from trust.digest import digest

    database = await Database.open(settings.journal_url)
    try:
        act = Act("command line", "run", "tool.approved", name, {"definition": digest(definition)[:16]})
        await AuditLog(database).record("default", act)
    finally:
        await database.close()


def _ask(name: str) -> None:
    if not is_interactive():
        raise InvalidInput(f"Nobody can be asked here about {name}; nothing was approved.", hint="Give --yes to approve it.")
    if not typer.confirm(f"Approve {name} as it is now?", err=True):
        say("Nothing was approved.")
        raise typer.Exit(Exit.CANCELED)


def _difference(accepted: dict[str, Any], pending: dict[str, Any]) -> str:
    before, after = (_lines(definition) for definition in (accepted, pending))
    return safe("\n".join(difflib.unified_diff(before, after, "approved", "now", n=3, lineterm="")))


def _lines(definition: dict[str, Any]) -> list[str]:
    rest = {key: value for key, value in definition.items() if key != "description"}
    return [*definition["description"].splitlines(), *json.dumps(rest, indent=2, sort_keys=True).splitlines()]
