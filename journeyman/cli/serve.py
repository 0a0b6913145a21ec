"""``journeyman serve``: the API, a worker and the embedded stores in one process."""

from typing import Annotated

import typer

from journeyman.cli.context import load_settings, run_async

app = typer.Typer()


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve the API and work on tasks until interrupted."""
    from journeyman.serve import serve as run_server

    api = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    run_async(run_server(load_settings(ctx, api=api or None)))
