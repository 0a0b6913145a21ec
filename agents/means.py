"""What a planner may plan with, from what is configured."""

from collections.abc import Mapping, Sequence

from agents.judging import is_approved
from journal.events import TaskSubmitted
from llm.router import REHEARSAL, Models
from llm.settings import Price
from planners.planner import Means
from tools.types import Tool
from trust.policy import Policy


def means_of(tools: Mapping[str, Tool], models: Models, task: TaskSubmitted, policy: Policy) -> Means:
    """The task's tools, the dearest price in each role, and whether its models can write a plan: ``rehearsal`` cannot.
    A child task has no children of its own."""
    only = task.models
    planning = models.candidates("plan", only)
    return Means(
        tools=tools,
        prices={role: _dearest([model.price for model in models.candidates(role, only)]) for role in ("extract", "act")},
        can_plan=any(model.settings.provider != REHEARSAL for model in planning),
        can_delegate=task.parent_id is None,
        unapproved=frozenset(name for name, tool in tools.items() if not is_approved(tool, policy)),
    )


def _dearest(prices: Sequence[Price]) -> Price:
    return Price(input=max(p.input for p in prices), output=max(p.output for p in prices))
