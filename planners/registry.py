"""Planners by name: the built-in ones, then those of installed packages (entry points ``journeyman.planners``)."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points

from journal.errors import InvalidInput
from journal.projection import TaskState
from planners.auto import Auto
from planners.plan.planner import PlanPlanner
from planners.planner import Beginning, Means, Planner
from planners.react import React
from planners.techniques.advice import advised, versions

GROUP = "journeyman.planners"

_BUILT_IN: dict[str, Callable[[Means], Planner]] = {
    React.name: lambda means: React(),
    PlanPlanner.name: PlanPlanner,
    Auto.name: Auto,
}


def find_planner(name: str, means: Means | None = None) -> Planner:
    """A planner that may use ``means``. Raises ``InvalidInput`` naming the planners there are."""
    if name in _BUILT_IN:
        return _BUILT_IN[name](means or Means())
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in installed:
        planner: Planner = installed[name].load()()
        return planner
    known = ", ".join(sorted({*_BUILT_IN, *installed}))
    raise InvalidInput(f"There is no planner named {name!r}.", hint=f"Known planners: {known}.")


def begin(planner: Planner, state: TaskState, profile: str) -> Beginning:
    """What a task starts with under this planner; ``profile`` are the agent profile's own instructions."""
    if isinstance(planner, Auto):
        first = planner.begin(state, profile)
    else:
        first = Beginning(planner.instructions(profile), planner.prompt_version)
    used = state.submitted.techniques
    return replace(first, instructions=advised(first.instructions, used, tools=True), techniques=versions(used))
