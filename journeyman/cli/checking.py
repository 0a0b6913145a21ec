"""What is wrong with a configuration: the mistakes in the file itself, then what its parts say of each other."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from journal.errors import ConfigurationError, JourneymanError
from journeyman.cli.context import Invocation

if TYPE_CHECKING:
    from journeyman.settings import Settings


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
    yield from _in_models(settings)
    yield from _in_tools(settings)
    yield from _in_agents(settings)
    yield from _in_embedder(settings)


def _in_models(settings: "Settings") -> Iterator[str]:
    from llm.router import Models

    sound = {}
    for name, model in settings.models.items():
        found = list(_said(lambda name=name, model=model: Models({name: model}, {})))
        yield from found
        if not found:
            sound[name] = model
    for role, route in settings.routes.items():
        if all(name in sound or name not in settings.models for name in route.models):
            yield from _said(lambda role=role, route=route: Models(sound, {role: route}))


def _said(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except JourneymanError as error:
        yield f"{error.message} {error.hint}".strip()
