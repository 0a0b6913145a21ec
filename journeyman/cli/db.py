"""``journeyman db``: the database's schema."""

from typing import TYPE_CHECKING

import typer

from journeyman.cli.context import load_settings
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json

if TYPE_CHECKING:
    from journal.upgrading import SchemaStatus

app = typer.Typer(help="Look at the database's schema, and bring it up to date.", no_args_is_help=True)


@app.command()
def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Show which migrations have been run; exits 1 where some are missing.

    \b
    Examples:
      journeyman db status
      journeyman db status --json
    """
    from journal import upgrading

    url = load_settings(ctx).journal_url
    found = upgrading.status(url)
    _report(url, found, as_json)
    if found.pending:
        raise typer.Exit(Exit.FAILED)


@app.command()
def upgrade(ctx: typer.Context, as_json: Json = False) -> None:
    """Run the migrations that are missing. Safe to repeat; `run` and `serve` do it too for a SQLite file.

    \b
    Examples:
      journeyman db upgrade
    """
    from journal import upgrading

    settings = load_settings(ctx)
    before = upgrading.status(settings.journal_url)
    found = upgrading.upgrade(settings.journal_url)
    for revision in before.pending:
        say(f"Ran {revision}.")
    _report(settings.journal_url, found, as_json)


def _report(url: str, found: "SchemaStatus", as_json: bool) -> None:
    from trust.redaction import Redactor

    where = Redactor().text(url)
    if as_json:
        show_json(
            {"database": where, "current": found.current, "pending": list(found.pending), "up_to_date": not found.pending}
        )
        return
    show(f"{where} is at {found.current or 'no migration yet'}.")
    if found.pending:
        say(f"Missing: {', '.join(found.pending)}. `journeyman db upgrade` runs them.")
