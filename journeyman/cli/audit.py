"""``journeyman audit``: who did which administrative act, and whether the log is as it was written."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json, Limit
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings

Tenant = Annotated[str | None, typer.Option(metavar="TENANT", help="Whose log [default: default].")]

app = typer.Typer(help="See who did which administrative act, and prove that nothing was rewritten.", no_args_is_help=True)


@app.command("list")
def list_audit(
    ctx: typer.Context,
    act: Annotated[str | None, typer.Option(help="One kind of act: key.created, or key for all of them.")] = None,
    actor: Annotated[str | None, typer.Option(help="Whose acts.")] = None,
    tenant: Tenant = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List administrative acts, newest first.

    \b
    Examples:
      journeyman audit list
      journeyman audit list --act approval --json
    """
    which = {"act": act, "actor": actor, "tenant": tenant, "limit": limit}
    run_async(_list(load_settings(ctx), which, as_json))


async def _list(settings: "Settings", which: dict[str, Any], as_json: bool) -> None:
    from journeyman.cli.cards import moment
    from journeyman.connection import connect

    async with connect(settings) as client:
        entries = (await client.audit(**which))["entries"]
    if as_json:
        show_json(entries)
        return
    show_table(
        ("SEQ", "AT", "WHO", "ACT", "ON", "DETAILS"),
        ((str(e["seq"]), moment(e["at"]), e["actor"], e["act"], e["target"], json.dumps(e["details"])) for e in entries),
        wide="DETAILS",
    )


@app.command()
def verify(
    ctx: typer.Context,
    expect: Annotated[
        str | None, typer.Option(metavar="SEQ:HASH", help="A head that was noted earlier; it must still be in the log.")
    ] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Walk the log's chain of hashes; exits 1 where an entry was changed, dropped or slipped in.

    Prints the head, SEQ:HASH. Note it somewhere else and give it later with --expect: then even who can write the database
    cannot have rewritten what came before it.

    \b
    Examples:
      journeyman audit verify
      journeyman audit verify --expect 12:4f0c...
    """
    run_async(_verify(load_settings(ctx), expect, tenant, as_json))


async def _verify(settings: "Settings", expect: str | None, tenant: str | None, as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        verdict = await client.verify_audit(expect=expect, tenant=tenant)
    if as_json:
        show_json(verdict)
    else:
        show(f"{verdict['head']['seq']}:{verdict['head']['hash']}")
    if not verdict["sound"]:
        say(f"Error: {verdict['problem']}")
        raise typer.Exit(Exit.FAILED)
    say(f"All {verdict['entries']} entries are as they were written.")
