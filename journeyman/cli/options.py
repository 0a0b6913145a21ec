"""Options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Return at once; without a running `serve` the task rests until the next one.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")]
