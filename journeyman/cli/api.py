"""``journeyman api``: the REST API alone; workers run the tasks."""

from typing import Annotated

import typer

from journeyman.cli.context import load_settings, run_async

app = typer.Typer()


@app.command()
def api(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve the API alone until interrupted; `journeyman worker` runs the tasks. Any number may share a database."""
    from journeyman.serve import api as run_api

    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    run_async(run_api(load_settings(ctx, api=given or None)))
