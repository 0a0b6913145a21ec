"""``journeyman webhooks``: addresses that are told when a task ends or waits for a person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json, Limit
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.client import Client
    from journeyman.settings import Settings

app = typer.Typer(help="Have addresses told when a task ends or waits for a person.", no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.")]
Events = Annotated[
    list[str] | None, typer.Option("--event", metavar="KIND", help="Only these, as task.failed; repeatable. Default: all.")
]


@app.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to POST to.")],
    event: Events = None,
    as_json: Json = False,
) -> None:
    """Have an address told of events. The secret that signs the messages is shown this once.

    \b
    Examples:
      journeyman webhooks add https://example.com/hooks
      journeyman webhooks add https://example.com/hooks --event task.failed --event task.waiting
    """
    request = {"url": url, "events": event or []}
    run_async(_with_secret(load_settings(ctx), "POST", "/v1/webhooks", as_json, json=request))


@app.command("list")
def list_webhooks(
    ctx: typer.Context,
    task: Annotated[str | None, typer.Option(metavar="ID", help="Those that came with this task.")] = None,
    as_json: Json = False,
) -> None:
    """List webhooks. Secrets are not shown.

    \b
    Examples:
      journeyman webhooks list
    """
    run_async(_list(load_settings(ctx), task, as_json))


async def _list(settings: "Settings", task: str | None, as_json: bool) -> None:
    params = {} if task is None else {"task_id": task}
    found = (await _call(settings, "GET", "/v1/webhooks", params=params))["webhooks"]
    if as_json:
        show_json(found)
        return
    rows = ((w["id"], _state(w), " ".join(w["events"]) or "all", w["url"]) for w in found)
    show_table(("ID", "STATE", "EVENTS", "URL"), rows, wide="URL")


def _state(webhook: dict[str, Any]) -> str:
    return "on" if webhook["enabled"] else f"off: {webhook['disabled_why']}"


@app.command()
def enable(ctx: typer.Context, webhook_id: WebhookId) -> None:
    """Tell a webhook of events again. What waited for it is sent.

    \b
    Examples:
      journeyman webhooks enable wh_01k2...
    """
    run_async(_switch(load_settings(ctx), webhook_id, on=True))


@app.command()
def disable(ctx: typer.Context, webhook_id: WebhookId) -> None:
    """Tell a webhook of nothing for now.

    \b
    Examples:
      journeyman webhooks disable wh_01k2...
    """
    run_async(_switch(load_settings(ctx), webhook_id, on=False))


async def _switch(settings: "Settings", webhook_id: str, *, on: bool) -> None:
    await _call(settings, "PATCH", f"/v1/webhooks/{webhook_id}", json={"enabled": on})
    say(f"{webhook_id} is {'on' if on else 'off'}.")


@app.command()
def rotate(ctx: typer.Context, webhook_id: WebhookId, as_json: Json = False) -> None:
    """Make a new secret. For a while messages are signed with the old one as well.

    \b
    Examples:
      journeyman webhooks rotate wh_01k2...
    """
    run_async(_with_secret(load_settings(ctx), "POST", f"/v1/webhooks/{webhook_id}/rotate", as_json))


@app.command()
def remove(ctx: typer.Context, webhook_id: WebhookId) -> None:
    """Forget a webhook, and what waits for it.

    \b
    Examples:
      journeyman webhooks remove wh_01k2...
    """
    run_async(_call(load_settings(ctx), "DELETE", f"/v1/webhooks/{webhook_id}"))
    say(f"{webhook_id} is removed.")


@app.command()
def deliveries(ctx: typer.Context, webhook_id: WebhookId, limit: Limit = 20, as_json: Json = False) -> None:
    """List what was sent to a webhook or waits for it, newest first.

    \b
    Examples:
      journeyman webhooks deliveries wh_01k2...
    """
    run_async(_deliveries(load_settings(ctx), webhook_id, limit, as_json))


async def _deliveries(settings: "Settings", webhook_id: str, limit: int, as_json: bool) -> None:
    from journeyman.cli.cards import moment

    path = f"/v1/webhooks/{webhook_id}/deliveries"
    found = (await _call(settings, "GET", path, params={"limit": limit}))["deliveries"]
    if as_json:
        show_json(found)
        return
    rows = (
        (d["id"], d["event"], d["task_id"], d["status"], len(d["attempts"]), moment(d["next_attempt_at"]), _last(d))
        for d in found
    )
    show_table(("ID", "EVENT", "TASK", "STATUS", "TRIES", "NEXT", "LAST"), rows, wide="LAST")


def _last(delivery: dict[str, Any]) -> str:
    last = delivery["attempts"][-1] if delivery["attempts"] else {}
    return last.get("error") or str(last.get("status") or "")


@app.command()
def replay(
    ctx: typer.Context,
    webhook_id: WebhookId,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="The delivery's id.")],
) -> None:
    """Send a message again, under the same id.

    \b
    Examples:
      journeyman webhooks replay wh_01k2... msg_01k2...
    """
    run_async(_call(load_settings(ctx), "POST", f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"))
    say(f"{delivery_id} is due now; a running `serve` sends it.")


async def _with_secret(settings: "Settings", method: str, path: str, as_json: bool, **options: Any) -> None:
    made = await _call(settings, method, path, **options)
    if as_json:
        show_json(made)
    else:
        show(made["secret"])
        say(f"This signs what is sent to {made['id']}. Keep it safe: it is not shown again.")


async def _call(settings: "Settings", method: str, path: str, **options: Any) -> Any:
    from journeyman.connection import connect

    client: Client
    async with connect(settings) as client:
        return await client.call(method, path, **options)
