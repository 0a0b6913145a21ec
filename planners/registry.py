"""Planners by name: the built-in ones, then those of installed packages (entry points ``journeyman.planners``)."""

from collections.abc import Callable
from importlib.metadata import entry_points

from journal.errors import InvalidInput
from planners.planner import Planner
from planners.react import React

GROUP = "journeyman.planners"

_BUILT_IN: dict[str, Callable[[], Planner]] = {React.name: React}


def find_planner(name: str) -> Planner:
    """Raises ``InvalidInput`` naming the planners there are."""
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in installed:
        planner: Planner = installed[name].load()()
        return planner
    known = ", ".join(sorted({*_BUILT_IN, *installed}))
    raise InvalidInput(f"There is no planner named {name!r}.", hint=f"Known planners: {known}.")
