"""``journeyman keys``: the keys that open the REST API."""

from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings

_TIMES = ("created_at", "last_used_at", "revoked_at")

app = typer.Typer(help="Make, list and revoke the keys that open the REST API.", no_args_is_help=True)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Who or what will use it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it may do besides: mcp_servers, or * for everything. May be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown this once; only its hash is kept.

    \b
    Examples:
      journeyman keys create --name laptop
      journeyman keys create --name ci --json | jq -r .key
    """
    run_async(_create(load_settings(ctx), name, scope or [], as_json))


async def _create(settings: "Settings", name: str, scopes: list[str], as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        made = await client.create_key(name, scopes)
    if as_json:
        show_json(made)
    else:
        show(made["key"])
        say(f"This is {made['id']}. Keep it safe: it is not shown again.")


@app.command("list")
def list_keys(ctx: typer.Context, as_json: Json = False) -> None:
    """List the keys there are, the revoked ones among them.

    \b
    Examples:
      journeyman keys list
    """
    run_async(_list(load_settings(ctx), as_json))


async def _list(settings: "Settings", as_json: bool) -> None:
    from journeyman.cli.cards import moment
    from journeyman.connection import connect

    async with connect(settings) as client:
        keys = (await client.keys())["keys"]
    if as_json:
        show_json(keys)
        return
    show_table(
        ("ID", "NAME", "BEGINS", "SCOPES", "CREATED", "LAST USED", "REVOKED"),
        ((k["id"], k["name"], k["prefix"], " ".join(k["scopes"]), *(moment(k[at]) for at in _TIMES)) for k in keys),
        wide="NAME",
    )


@app.command()
def revoke(
    ctx: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, not the key.")],
) -> None:
    """Take a key out of use for good.

    \b
    Examples:
      journeyman keys revoke key_01k2...
    """
    run_async(_revoke(load_settings(ctx), key_id))


async def _revoke(settings: "Settings", key_id: str) -> None:
    from journeyman.cli.lookup import pick
    from journeyman.connection import connect

    async with connect(settings) as client:
        pick("key", key_id, {key["id"]: key for key in (await client.keys())["keys"]})
        await client.revoke_key(key_id)
    say(f"{key_id} is revoked.")
