"""What is wrong with a configuration: the mistakes in the file itself, then what its parts say of each other."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from journal.errors import ConfigurationError, JourneymanError
from journeyman.cli.context import Invocation
from journeyman.cli.schedule_checks import mistakes_in_schedules

if TYPE_CHECKING:
    from journeyman.settings import Settings
    from tools.registry import Registry


def mistakes_in(invocation: Invocation) -> tuple[Path | None, list[str]]:
    """The configuration file, if there is one, and every mistake, one sentence each."""
    from journeyman.settings import Settings

    try:
        settings = Settings.load(invocation.config, {"home": invocation.home} if invocation.home else None)
    except ConfigurationError as error:
        return invocation.config, list(error.mistakes)
    return settings.config_file, list(mistakes_between(settings))


def mistakes_between(settings: "Settings") -> Iterator[str]:
    """Names that lead nowhere, and parts that cannot work, in settings that are right by themselves."""
    yield from _in_database(settings)
    yield from _in_models(settings)
    yield from _in_tools(settings)
    yield from _in_agents(settings)
    yield from _in_embedder(settings)
    yield from mistakes_in_schedules(settings)


def _in_database(settings: "Settings") -> Iterator[str]:
    from journal.engine import database_url

    yield from _said(database_url, settings.journal_url)


def _in_models(settings: "Settings") -> Iterator[str]:
    from llm.router import Models

    yield from _said(Models, settings.models, settings.routes)


def _in_tools(settings: "Settings") -> Iterator[str]:
    from tools.folders import load_folder

    found = [mistake for folder in settings.tools.folders for mistake in _said(load_folder, folder)]
    yield from found or _said(_registry, settings)


def _in_agents(settings: "Settings") -> Iterator[str]:
    from llm.router import REHEARSAL
    from planners.registry import find_planner

    models = sorted(settings.models) or [REHEARSAL]
    registry = None if any(_in_tools(settings)) else _registry(settings)
    for name, profile in settings.agents.items():
        where = f"agents.{name}: "
        yield from _said(find_planner, profile.planner, where=where)
        for model in profile.models or ():
            if model not in models:
                yield f"{where}There is no model `{model}`. Known: {', '.join(models)}."
        if registry is not None:
            for pattern in profile.tools or ():
                yield from _said(registry.select, [pattern], where=where)


def _in_embedder(settings: "Settings") -> Iterator[str]:
    from llm.embedders.embedder import make_embedder

    yield from _said(make_embedder, settings.embedder, where="embedder: ")


def _registry(settings: "Settings") -> "Registry":
    from tools.mcp.servers import mcp_servers
    from tools.registry import build_registry

    registry = build_registry(settings.tools, mcp_servers(settings.mcp_servers, settings.home, learns=False))
    registry.all()
    return registry


def _said(attempt: Callable[..., object], *given: object, where: str = "") -> Iterator[str]:
    """What ``attempt`` complains of, one sentence for each mistake with how to mend it."""
    try:
        attempt(*given)
    except ConfigurationError as error:
        several = len(error.mistakes) > 1
        yield from (f"{where}{m}" for m in error.mistakes) if several else (f"{where}{error.message} {error.hint}".strip(),)
    except JourneymanError as error:
        yield f"{where}{error.message} {error.hint}".strip()
