"""``journeyman credentials``: what tools get to prove who they act for."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from journal.errors import InvalidInput
from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import is_interactive, say, show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as tools declare it.")]
User = Annotated[str | None, typer.Option(metavar="USER", help="Whose [default: the command line's own].")]

app = typer.Typer(help="Set, list and remove the credentials that tools get.", no_args_is_help=True)


@app.command("set")
def set_credential(ctx: typer.Context, name: Name, user: User = None) -> None:
    """Keep a value for a user, encrypted. It is read from stdin, or asked for on a terminal; never from the command line.

    Tools that declare a secret of this name get it in the user's tasks.

    \b
    Examples:
      journeyman credentials set CRM_TOKEN
      pass show crm/ada | journeyman credentials set CRM_TOKEN --user ada
    """
    run_async(_set(load_settings(ctx), name, _value(name), user))


def _value(name: str) -> str:
    value = typer.prompt(name, hide_input=True, err=True) if is_interactive() else sys.stdin.read()
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise InvalidInput("There is no value on stdin.", hint=f"Pipe it in: ... | journeyman credentials set {name}")
    return value


async def _set(settings: "Settings", name: str, value: str, user: str | None) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        kept = await client.set_credential(name, value, user=user)
    say(f"{kept['name']} of {kept['user']} is set.")


@app.command("list")
def list_credentials(ctx: typer.Context, user: User = None, as_json: Json = False) -> None:
    """List the names of a user's credentials; nothing shows their values.

    \b
    Examples:
      journeyman credentials list --user ada
    """
    run_async(_list(load_settings(ctx), user, as_json))


async def _list(settings: "Settings", user: str | None, as_json: bool) -> None:
    from journeyman.cli.cards import moment
    from journeyman.connection import connect

    async with connect(settings) as client:
        found = (await client.credentials(user=user))["credentials"]
    if as_json:
        show_json(found)
    else:
        show_table(("NAME", "USER", "SET"), ((c["name"], c["user"], moment(c["updated_at"])) for c in found), wide="NAME")


@app.command()
def remove(ctx: typer.Context, name: Name, user: User = None) -> None:
    """Forget a user's credential for good.

    \b
    Examples:
      journeyman credentials remove CRM_TOKEN --user ada
    """
    run_async(_remove(load_settings(ctx), name, user))


async def _remove(settings: "Settings", name: str, user: str | None) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        await client.remove_credential(name, user=user)
    say(f"{name} is removed.")


@app.command()
def rotate(ctx: typer.Context) -> None:
    """Seal every credential, and every secret of a webhook, with a new key.

    With the key in HOME/credentials.key a new one is put before it; with JOURNEYMAN_CREDENTIALS_KEY put yours first yourself,
    restart `serve`, then run this. The older keys stay until you take them out.

    \b
    Examples:
      journeyman credentials rotate
    """
    run_async(_rotate(load_settings(ctx)))


async def _rotate(settings: "Settings") -> None:
    from agents.sealing import Seal
    from journal.audit import Act, AuditLog
    from journal.database import Database
    from journeyman.home import prepare

    prepare(settings.home)
    database = await Database.open(settings.journal_url)
    try:
        resealed = await Seal.of(database, settings.home).rotate()
        await AuditLog(database).record(
            "default", Act("command line", "run", "credentials.rotated", "all", {"count": resealed})
        )
    finally:
        await database.close()
    say(f"{resealed} credentials and secrets are sealed with the new key.")
