"""How a model gives a plan: the function tools ``submit_plan`` and ``revise_plan``, and the reading of their arguments."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from journal.plans import MAX_ITEMS, Plan
from llm.types import ToolOffer
from planners.plan.conditions import OPERATORS

MAX_STEPS = 100
"""A plan with more steps is refused unread: no goal needs it in one go, and a loop is what ``for_each`` is for."""

SHOWN_MISTAKES = 20

_TEXTS = {"type": "array", "items": {"type": "string"}}

_CONDITION = {
    "type": "object",
    "description": "Run the step only if this holds. Or {all: [...]}, {any: [...]}, {not: {...}}.",
    "properties": {
        "ref": {"type": "string", "description": "A reference, such as $s1.amount."},
        "op": {"type": "string", "enum": list(OPERATORS)},
        "value": {"description": "What the referenced value is compared with."},
        "all": {"type": "array", "items": {"type": "object"}},
        "any": {"type": "array", "items": {"type": "object"}},
        "not": {"type": "object"},
    },
}

_STEP = {
    "type": "object",
    "description": "Exactly one of tool (with args), extract and delegate.",
    "properties": {
        "id": {"type": "string", "description": "Unique; letters, digits and _."},
        "tool": {"type": "string"},
        "args": {"type": "object", "description": "Literals, $step.path[0].key references, or texts with {$step.path}."},
        "extract": {
            "type": "object",
            "properties": {
                "from": {"type": "string", "description": "What to read it from: a reference."},
                "ask": {"type": "string", "description": "What to find, in your own words."},
                "schema": {"type": "object", "description": "JSON Schema of the value."},
            },
            "required": ["from", "ask", "schema"],
        },
        "delegate": {
            "type": "object",
            "description": "A child task with a goal of its own; its answer is the step's result.",
            "properties": {
                "goal": {"type": "string", "description": "Your own words, without references."},
                "context": {"type": "string", "description": "What it must know; may hold references."},
                "agent": {"type": "string"},
                "tools": _TEXTS,
                "budget": {"type": "object"},
            },
            "required": ["goal"],
        },
        "after": {**_TEXTS, "description": "Steps to wait for though no reference names them."},
        "when": _CONDITION,
        "for_each": {
            "type": "object",
            "description": "Run the step for each item of a list; its result is the list of their results.",
            "properties": {
                "in": {"type": "string", "description": "A reference to a list."},
                "as": {"type": "string", "description": "The item's name in references: $name.key."},
                "max": {"type": "integer", "minimum": 1, "maximum": MAX_ITEMS, "description": "At most so many items; 100."},
            },
            "required": ["in", "as"],
        },
    },
    "required": ["id"],
}

_ANSWER = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "The answer, with {$step.path}. Leave out if it needs words of its own."},
        "from": {**_TEXTS, "description": "The steps it rests on."},
    },
}

_PLAN = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": _STEP}, "answer": _ANSWER},
    "required": ["steps"],
}

SUBMIT_PLAN = ToolOffer("submit_plan", "Give the plan for the goal: all its steps, and the answer.", _PLAN)

REVISE_PLAN = ToolOffer(
    "revise_plan",
    "Give steps in place of those that failed and those that depend on them. All other steps stay as they are.",
    _PLAN,
)


class MistakenPlan(ValueError):
    """A plan that cannot run; ``mistakes`` are for the model, each with its place."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        shown = [f"- {mistake}" for mistake in self.mistakes[:SHOWN_MISTAKES]]
        if len(self.mistakes) > SHOWN_MISTAKES:
            shown.append(f"- and {len(self.mistakes) - SHOWN_MISTAKES} more")
        super().__init__("The plan has mistakes:\n" + "\n".join(shown))


def read_plan(arguments: Mapping[str, Any]) -> Plan:
    """The plan in the arguments of ``submit_plan`` or ``revise_plan``. Raises ``MistakenPlan`` for a wrong shape."""
    steps = arguments.get("steps")
    if isinstance(steps, list) and len(steps) > MAX_STEPS:
        raise MistakenPlan([f"steps: {len(steps)} are too many, {MAX_STEPS} is the most; `for_each` does the same for many"])
    try:
        return Plan.model_validate(arguments, extra="forbid")
    except ValidationError as error:
        raise MistakenPlan(_explain(e) for e in error.errors(include_url=False, include_input=False)) from None


def _explain(error: ErrorDetails) -> str:
    where = ""
    for part in error["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}"
    message = {"missing": "is required", "extra_forbidden": "is not a key here"}.get(error["type"], error["msg"].lower())
    return f"{where.lstrip('.')}: {message}"
