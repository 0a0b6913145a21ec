"""``journeyman tasks doubts``: what a person must see before saying what became of a call."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import show, show_json

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings


def show_doubts(
    ctx: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.")],
    as_json: Json = False,
) -> None:
    """Show the calls in doubt. What was meant, when it was sent and under which key; and how to settle each.

    \b
    Examples:
      journeyman tasks doubts task_01k2...
    """
    run_async(_show(load_settings(ctx), task_id, as_json))


async def _show(settings: "Settings", task_id: str, as_json: bool) -> None:
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        doubts = (await client.doubts(task_id))["doubts"]
    if as_json:
        show_json(doubts)
        return
    for doubt in doubts:
        show(_card(task_id, doubt))


def _card(task_id: str, doubt: "Document") -> str:
    from journeyman.cli.cards import moment

    args = "\n".join(f"    {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in doubt["args"].items())
    settle = f"journeyman tasks input {task_id} --call {doubt['call_id']} --verdict"
    lines = [
        f"{doubt['call_id']}  {doubt['tool']}",
        args,
        f"  sent:  {moment(doubt['sent_at'], seconds=True)}, attempt {doubt['attempts']}",
        f"  key:   {doubt['idempotency_key']}",
        f"  why:   {doubt['why']}",
        f"  {settle} happened --result '...'   # it was done",
        f"  {settle} not_happened             # send it again, under the same key",
        f"  {settle} skipped                  # leave it undone and go on",
        f"  {settle} fail                     # end the task",
    ]
    return "\n".join(line for line in lines if line)
