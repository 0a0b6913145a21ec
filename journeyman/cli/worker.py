"""``journeyman worker``: run tasks that an API, a schedule or another command has submitted."""

from typing import Annotated

import typer

from journeyman.cli.context import load_settings, run_async

app = typer.Typer()


@app.command()
def worker(
    ctx: typer.Context,
    concurrency: Annotated[int | None, typer.Option(min=1, max=10_000, help="Tasks at once [default: 256].")] = None,
) -> None:
    """Run tasks until interrupted. Any number of workers share a database and a broker.

    \b
    Examples:
      JOURNEYMAN_BROKER_URL=redis://127.0.0.1:6379 journeyman worker
      journeyman worker --concurrency 50
    """
    from journeyman.serve import worker as run_worker

    run_async(run_worker(load_settings(ctx, worker=None if concurrency is None else {"concurrency": concurrency})))
