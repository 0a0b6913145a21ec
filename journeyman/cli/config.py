"""``journeyman config``: what the settings are, where each came from, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from journeyman.cli.context import Invocation, invocation, load_settings
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings

app = typer.Typer(help="Show the settings in force, and check them.", no_args_is_help=True)


@app.command("show")
def show_settings(ctx: typer.Context, as_json: Json = False) -> None:
    """Show every setting in force and where its value came from. Passwords and keys are left out.

    \b
    Examples:
      journeyman config show
      journeyman --config other.toml config show --json
    """
    settings = load_settings(ctx)
    origins = Origins(settings, invocation(ctx))
    values = [(path, value, origins.of(path)) for path, value in leaves(redacted(settings))]
    if as_json:
        listed = [{"setting": ".".join(path), "value": value, "from": origin} for path, value, origin in values]
        show_json({"config_file": settings.config_file, "settings": listed})
        return
    show_table(("SETTING", "VALUE", "FROM"), ((".".join(p), _plain(v), o) for p, v, o in values), wide="VALUE")


@app.command()
def check(ctx: typer.Context, as_json: Json = False) -> None:
    """Look the configuration over and name every mistake in it; exits 2 where there is one.

    \b
    Examples:
      journeyman config check
      journeyman --config other.toml config check --json
    """
    from journeyman.cli.checking import mistakes_in

    file, mistakes = mistakes_in(invocation(ctx))
    if as_json:
        show_json({"config_file": file, "ok": not mistakes, "mistakes": mistakes})
    elif mistakes:
        where = file or "The JOURNEYMAN_* variables"
        say(f"{where}: {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}.")
        for mistake in mistakes:
            say(f"  {mistake}")
    else:
        show(f"No mistakes in {file or 'the settings (there is no configuration file)'}.")
    if mistakes:
        raise typer.Exit(Exit.USAGE)


class Origins:
    """Where each setting's value came from: an option, a variable, the file, or the defaults."""

    def __init__(self, settings: "Settings", given: Invocation) -> None:
        import tomllib

        from pydantic_settings import EnvSettingsSource

        file = settings.config_file
        options = {"home": given.home} if given.home else {}
        self._layers: list[tuple[str, Mapping[str, Any]]] = [
            ("option", options),
            ("variable", EnvSettingsSource(type(settings))()),
        ]
        if file is not None:
            self._layers.append((file.name, tomllib.loads(file.read_text(encoding="utf-8"))))

    def of(self, path: tuple[str, ...]) -> str:
        return next((name for name, layer in self._layers if _holds(layer, path)), "default")


def _holds(layer: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(layer, Mapping):
            return True
        if part not in layer:
            return False
        layer = layer[part]
    return True


def redacted(settings: "Settings") -> dict[str, Any]:
    """The settings as JSON values, without secrets."""
    from trust.redaction import Redactor

    values = settings.model_dump(mode="json")
    if settings.database_url is not None:
        values["database_url"] = settings.database_url.get_secret_value()
    values["broker_url"] = settings.broker_url.get_secret_value()
    cleaned: dict[str, Any] = Redactor().json(values)
    return cleaned


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that is not a table, with the keys that lead to it."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def _plain(value: Any) -> str:
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
