"""``journeyman selfcheck``: kill real processes at every named point, and look at what is there when they are back."""

from typing import Annotated

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import say, show_json, show_table

app = typer.Typer()


@app.command()
def selfcheck(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Every scenario, each point each time: minutes, not seconds.")] = False,
    database: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Store to check instead of the configured one; may be given several times."),
    ] = None,
    broker: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Check workers over this broker as well; may be given several times."),
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Only this scenario; may be given several times.")] = None,
    as_json: Json = False,
) -> None:
    """Kill processes at every commit and side effect, and check that nothing is lost and no effect is sent twice.

    It works on scratch tasks in a scratch journal beside yours (a file in the home, or a schema in the same Postgres
    database), and removes them; with a broker, in scratch queues. Exits 1 where something did not hold.

    \b
    Examples:
      journeyman selfcheck
      journeyman selfcheck --full --json
      journeyman selfcheck --broker redis://127.0.0.1:6379
    """
    from journal.errors import InvalidInput
    from journeyman.selfcheck.run import Plan, run
    from journeyman.selfcheck.scenarios import SCENARIOS

    settings = load_settings(ctx)
    if unknown := [name for name in scenario or () if name not in SCENARIOS]:
        raise InvalidInput(f"There is no scenario {unknown[0]!r}.", hint=f"There are: {', '.join(SCENARIOS)}.")
    report = run_async(run(Plan(settings.home, database or [settings.journal_url], broker or (), scenario or (), full)))
    if as_json:
        show_json(report.as_json())
    else:
        show_table(report.titles(), report.rows())
    for line in report.complaints():
        say(line)
    say(f"{len(report.results)} cases: {'everything held' if report.ok else 'NOT everything held'}.")
    if not report.ok:
        raise typer.Exit(Exit.FAILED)
