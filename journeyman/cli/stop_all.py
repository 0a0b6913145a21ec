"""``journeyman stop-all``: the kill switch."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json

if TYPE_CHECKING:
    from journeyman.settings import Settings

app = typer.Typer()

_PATIENCE_SECONDS = 15.0


@app.command("stop-all")
def stop_all(
    ctx: typer.Context,
    lift: Annotated[bool, typer.Option("--lift", help="Let everything go on.")] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why; people see it.")] = "",
    as_json: Json = False,
) -> None:
    """Stop every task of every tenant, in all processes, and take no new work until it is lifted.

    Tasks pause within two seconds, also in the middle of a call. What was waiting stays as it is. Exits 1 where something is
    still at work after a while.

    \b
    Examples:
      journeyman stop-all --note "The mail server sends twice."
      journeyman stop-all --lift
    """
    found = run_async(_lift(load_settings(ctx)) if lift else _halt(load_settings(ctx), note))
    if as_json:
        show_json(found)
    elif lift:
        show(f"Everything goes on; {found['resumed']} tasks that were stopped are resumed.")
    else:
        show(f"Stopped by {found['by']}: {found['at_work']} tasks are at work. No new work is taken.")
        say("To let everything go on: journeyman stop-all --lift")
    if not lift and found["at_work"]:
        raise typer.Exit(Exit.FAILED)


async def _halt(settings: "Settings", note: str) -> Any:
    from journeyman.connection import connect

    deadline = time.monotonic() + _PATIENCE_SECONDS
    async with connect(settings) as client:
        found = await client.call("POST", "/v1/halt", json={"note": note})
        while found["at_work"] and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            found = await client.call("GET", "/v1/halt")
        return found


async def _lift(settings: "Settings") -> Any:
    from journeyman.connection import connect

    async with connect(settings) as client:
        return await client.call("DELETE", "/v1/halt")
