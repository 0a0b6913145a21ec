import typer

app = typer.Typer(help="x", no_args_is_help=True)


@app.command()
def x() -> None:
    pass


@app.command()
def y() -> None:
    pass
