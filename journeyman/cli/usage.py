"""``journeyman usage``: what all tasks came to."""

from typing import TYPE_CHECKING

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import show, show_json

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings

app = typer.Typer()


@app.command()
def usage(ctx: typer.Context, as_json: Json = False) -> None:
    """Show what all tasks came to: how many stand where, and what they spent together.

    \b
    Examples:
      journeyman usage
      journeyman usage --json | jq .usage.cost_usd
    """
    from journeyman.cli.cards import spent

    totals = run_async(_totals(load_settings(ctx)))
    if as_json:
        show_json(totals)
        return
    show(", ".join(f"{count} {status}" for status, count in totals["tasks"].items() if count) or "no tasks yet")
    show(spent(totals["usage"]))


async def _totals(settings: "Settings") -> "Document":
    from journeyman.connection import connect

    async with connect(settings) as client:
        return await client.usage()
