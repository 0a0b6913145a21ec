"""``journeyman init``: write a commented configuration file."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from journeyman.cli.output import say, show

FILE = "journeyman.toml"

app = typer.Typer()


def template() -> str:
    """The text of a fresh configuration file."""
    return files("journeyman.cli").joinpath("template.toml").read_text(encoding="utf-8")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it; made if it is missing.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is already there.")] = False,
) -> None:
    """Write a commented journeyman.toml. Its values are the defaults.

    \b
    Examples:
      journeyman init
      journeyman init ~/.journeyman --force
    """
    from journal.errors import Conflict, InvalidInput

    target = folder.expanduser() / FILE
    try:
        folder.expanduser().mkdir(parents=True, exist_ok=True)
        with target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        if target.exists():
            raise Conflict(f"{target} is already there.", hint="Give --force to replace it.") from None
        raise InvalidInput(f"{folder} is not a folder.", hint="Name a folder to write the file into.") from None
    except OSError as error:
        raise InvalidInput(f"Cannot write {target}: {error.strerror}.", hint="Choose another folder.") from None
    show(str(target))
    say("Every value in it is the default. `journeyman config check` looks it over after a change.")
