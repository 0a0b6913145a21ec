"""``journeyman keys``: the keys that open the REST API."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings

_TIMES = ("created_at", "last_used_at", "expires_at", "revoked_at")

Tenant = Annotated[str | None, typer.Option(metavar="TENANT", help="Whose keys [default: default].")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, not the key.")]

app = typer.Typer(help="Make, list, rotate and revoke the keys that open the REST API.", no_args_is_help=True)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="What will use it.")],
    user: Annotated[str | None, typer.Option(help="For whom it acts [default: its own name].")] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            help="viewer, submitter, approver, reviewer or admin [default: admin]. May be repeated.",
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it may do besides: mcp_servers, or * for everything. May be repeated."),
    ] = None,
    tenant: Tenant = None,
    days: Annotated[float | None, typer.Option(min=0, help="It expires after so many days.")] = None,
    per_minute: Annotated[
        int | None, typer.Option(min=0, help="Its own limit of requests a minute; 0 is none [default: the server's].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown this once; only its hash is kept.

    \b
    Examples:
      journeyman keys create --name laptop
      journeyman keys create --name phone --user ada --role approver --days 90
      journeyman keys create --name ci --json | jq -r .key
    """
    more = {"user": user, "roles": role, "tenant": tenant, "expires_in_days": days, "requests_per_minute": per_minute}
    run_async(_create(load_settings(ctx), name, scope or [], more, as_json))


async def _create(settings: "Settings", name: str, scopes: list[str], more: dict[str, Any], as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        _tell(await client.create_key(name, scopes, **more), as_json)


def _tell(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(made)
    else:
        show(made["key"])
        say(f"This is {made['id']}. Keep it safe: it is not shown again.")


@app.command("list")
def list_keys(ctx: typer.Context, tenant: Tenant = None, as_json: Json = False) -> None:
    """List the keys there are, the revoked ones among them.

    \b
    Examples:
      journeyman keys list
    """
    run_async(_list(load_settings(ctx), tenant, as_json))


async def _list(settings: "Settings", tenant: str | None, as_json: bool) -> None:
    from journeyman.cli.cards import moment
    from journeyman.connection import connect

    async with connect(settings) as client:
        keys = (await client.keys(tenant=tenant))["keys"]
    if as_json:
        show_json(keys)
        return
    show_table(
        ("ID", "NAME", "USER", "BEGINS", "MAY", "CREATED", "LAST USED", "EXPIRES", "REVOKED"),
        ((k["id"], k["name"], k["user"], k["prefix"], " ".join(_may(k)), *(moment(k[at]) for at in _TIMES)) for k in keys),
        wide="NAME",
    )


def _may(key: dict[str, Any]) -> list[str]:
    """Roles, and the scopes that add to them."""
    return [*key["roles"], *(scope for scope in key["scopes"] if scope != "api")]


@app.command()
def rotate(
    ctx: typer.Context,
    key_id: KeyId,
    grace_hours: Annotated[float, typer.Option(min=0, max=720, help="How long the old key goes on working.")] = 24.0,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Make a key in place of another; the old one goes on working for a while, so that nothing stops meanwhile.

    \b
    Examples:
      journeyman keys rotate key_01k2...
      journeyman keys rotate key_01k2... --grace-hours 1
    """
    run_async(_rotate(load_settings(ctx), key_id, grace_hours, tenant, as_json))


async def _rotate(settings: "Settings", key_id: str, grace_hours: float, tenant: str | None, as_json: bool) -> None:
    from journeyman.cli.lookup import pick
    from journeyman.connection import connect

    async with connect(settings) as client:
        pick("key", key_id, {key["id"]: key for key in (await client.keys(tenant=tenant))["keys"]})
        made = await client.rotate_key(key_id, grace_hours=grace_hours, tenant=tenant)
    _tell(made, as_json)
    say(f"{key_id} works for {grace_hours:g} hours more.")


@app.command()
def revoke(ctx: typer.Context, key_id: KeyId, tenant: Tenant = None) -> None:
    """Take a key out of use for good, at once.

    \b
    Examples:
      journeyman keys revoke key_01k2...
    """
    run_async(_revoke(load_settings(ctx), key_id, tenant))


async def _revoke(settings: "Settings", key_id: str, tenant: str | None) -> None:
    from journeyman.cli.lookup import pick
    from journeyman.connection import connect

    async with connect(settings) as client:
        pick("key", key_id, {key["id"]: key for key in (await client.keys(tenant=tenant))["keys"]})
        await client.revoke_key(key_id, tenant=tenant)
    say(f"{key_id} is revoked.")
