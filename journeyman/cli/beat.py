"""``journeyman beat``: schedules, deliveries and what else has its time."""

import typer

from journeyman.cli.context import load_settings, run_async

app = typer.Typer()


@app.command()
def beat(ctx: typer.Context) -> None:
    """Do what has its time until interrupted. Any number may share a database; `serve` has a beat inside."""
    from journeyman.serve import beat as run_beat

    run_async(run_beat(load_settings(ctx)))
