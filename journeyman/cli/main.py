"""The command ``journeyman``: finds the command asked for, and turns every error into one sentence and an exit code."""

import importlib
import logging
import os
import sys
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from journal.errors import ConfigurationError, Conflict, InvalidInput, JourneymanError, NotAllowed, NotFound, SchemaTooNew
from journeyman.cli.context import invocation
from journeyman.cli.exits import Exit
from journeyman.cli.output import say

COMMANDS = {
    "run": "journeyman.cli.run",
    "init": "journeyman.cli.init",
    "serve": "journeyman.cli.serve",
    "api": "journeyman.cli.api",
    "worker": "journeyman.cli.worker",
    "beat": "journeyman.cli.beat",
    "tasks": "journeyman.cli.tasks",
    "approvals": "journeyman.cli.approvals",
    "webhooks": "journeyman.cli.webhooks",
    "memory": "journeyman.cli.memory",
    "tools": "journeyman.cli.tools",
    "models": "journeyman.cli.models",
    "agents": "journeyman.cli.agents",
    "stop-all": "journeyman.cli.stop_all",
    "schedules": "journeyman.cli.schedules",
    "usage": "journeyman.cli.usage",
    "keys": "journeyman.cli.keys",
    "credentials": "journeyman.cli.credentials",
    "audit": "journeyman.cli.audit",
    "guard": "journeyman.cli.guard",
    "config": "journeyman.cli.config",
    "doctor": "journeyman.cli.doctor",
    "selfcheck": "journeyman.cli.selfcheck",
    "db": "journeyman.cli.db",
}
"""Command name to the module whose ``app`` (a ``typer.Typer``) it is, in the order of ``--help``.

A module is imported only when its command, or the help, is asked for. One with a single ``@app.command()`` and no
``@app.callback()`` is a plain command; any other is a group, whose help is its callback's docstring.
"""

_LEAVE_SECONDS = 0.5
_NOTHING_WAS_DONE = (InvalidInput, ConfigurationError, NotAllowed, NotFound, Conflict, SchemaTooNew)


class _Loaded(MutableMapping[str, Any]):
    """The commands by name, each imported when it is first looked at."""

    def __init__(self, shared: Sequence[Any]) -> None:
        self._shared = shared
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            self[name] = _load(COMMANDS[name])
        return self._commands[name]

    def __setitem__(self, name: str, command: Any) -> None:
        command.name = name
        for leaf in _leaves(command):
            leaf.params.extend(self._shared)
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Root(TyperGroup):
    """The root group; what it takes as options, every command takes as well."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        shared = [param for param in self.params if param.name in ("config", "home")]
        self.commands = _Loaded(shared)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)


def _load(module: str) -> Any:
    app: typer.Typer = importlib.import_module(module).app
    app._add_completion = False
    app.rich_markup_mode = None
    return typer.main.get_command(app)


def _leaves(command: Any) -> Iterator[Any]:
    if not isinstance(command, TyperGroup):
        yield command
        return
    for inner in command.commands.values():
        yield from _leaves(inner)


def _remember(ctx: typer.Context, param: Any, value: Path | None) -> None:
    if value is not None:
        setattr(invocation(ctx), param.name, value)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"journeyman {version('journeyman')}")
        raise typer.Exit


app = typer.Typer(cls=_Root, add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def root(
    config: Annotated[
        Path | None,
        typer.Option(callback=_remember, expose_value=False, metavar="FILE", help="Settings file [default: journeyman.toml]."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(callback=_remember, expose_value=False, metavar="DIR", help="Home folder [default: ~/.journeyman]."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Journeyman: give it a goal; it plans, acts with tools, remembers, and survives crashes."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point: never shows a traceback unless ``JOURNEYMAN_DEBUG`` is set."""
    logging.getLogger().addHandler(logging.NullHandler())  # a library's warnings are for the log, where there is one
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="journeyman", standalone_mode=False)
    except JourneymanError as error:
        code = _explain(error.message, error.hint, Exit.USAGE if isinstance(error, _NOTHING_WAS_DONE) else Exit.FAILED)
    except typer.TyperException as error:
        code = _misused(error)
    except typer.Abort:
        code = Exit.INTERRUPTED
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    except Exception as error:
        code = _unexpected(error)
    _leave(code if isinstance(code, int) else Exit.ACHIEVED)


def _leave(code: int) -> NoReturn:
    """Exit, at the latest in a moment: threads that still block are not waited for."""
    last_word = threading.Timer(_LEAVE_SECONDS, os._exit, [code])
    last_word.daemon = True
    last_word.start()
    sys.exit(code)


def _explain(message: str, hint: str, code: int) -> int:
    say(f"Error: {message}")
    if hint:
        say(hint)
    return code


def _misused(error: typer.TyperException) -> int:
    """The command line itself was wrong; a group called without a command says what it can do."""
    ctx = getattr(error, "ctx", None)
    text = error.format_message()
    if ctx is None:
        return _explain(text, "", error.exit_code)
    if text == ctx.get_help():
        say(text)
        return error.exit_code
    return _explain(text, f"`{ctx.command_path} --help` shows what can be given.", error.exit_code)


def _unexpected(error: Exception) -> int:
    if os.environ.get("JOURNEYMAN_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return _explain(f"{where}{error.strerror}.", "", Exit.FAILED)
    return _explain(
        f"This is a fault in Journeyman ({type(error).__name__}: {error}).",
        "Please report it; JOURNEYMAN_DEBUG=1 shows where it happened.",
        Exit.FAILED,
    )
