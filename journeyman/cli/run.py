"""``journeyman run``."""

import typer

app = typer.Typer()
