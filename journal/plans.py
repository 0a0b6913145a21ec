"""A plan as events carry it: a small program, a DAG of steps whose arguments are literals or references to earlier results."""

from typing import Any

from pydantic import Field, JsonValue

from journal.values import Budget, ToolResult, Value
from trust.labels import Label

MAX_ITEMS = 1000


class Condition(Value):
    """``ref op value``, or several conditions joined by exactly one of ``all``, ``any`` and ``not``."""

    ref: str | None = None
    op: str | None = None
    value: JsonValue = None
    all: "tuple[Condition, ...] | None" = None
    any: "tuple[Condition, ...] | None" = None
    not_: "Condition | None" = Field(None, alias="not")


class ForEach(Value):
    """Run a step once for each item of a list, the first ``max`` of them; ``as`` names the item in the step's references."""

    list_: str = Field(alias="in")
    name: str = Field(alias="as")
    max: int = Field(100, ge=1, le=MAX_ITEMS)


class Extract(Value):
    """A value of the type ``schema``, read out of a text by a model that may do nothing else."""

    source: str = Field(alias="from")
    ask: str
    schema_: dict[str, Any] = Field(alias="schema")


class Delegate(Value):
    """A child task. Its goal is the planner's own words; ``context`` may hold references."""

    goal: str
    context: str = ""
    agent: str | None = None
    tools: tuple[str, ...] | None = None
    budget: Budget | None = None


class Step(Value):
    """One node of a plan: exactly one of ``tool``, ``extract`` and ``delegate``. ``after`` orders it behind other steps."""

    id: str
    tool: str | None = None
    args: dict[str, JsonValue] = Field(default_factory=dict)
    extract: Extract | None = None
    delegate: Delegate | None = None
    after: tuple[str, ...] = ()
    when: Condition | None = None
    for_each: ForEach | None = None


class Answer(Value):
    """What the task answers: ``text`` with references in it; without it, a model's words about the results ``from`` names."""

    text: str | None = None
    sources: tuple[str, ...] = Field((), alias="from")


class Plan(Value):
    steps: tuple[Step, ...]
    answer: Answer = Answer()


class StepResult(Value):
    """How a step, or one item of it, ended. ``status``: ``completed``, ``failed`` or ``skipped``; ``error`` names the kind,
    ``message`` says what was wrong."""

    status: str
    value: JsonValue = None
    label: Label
    error: str = ""
    message: str = ""
    seq: int = 0


def value_of(result: ToolResult) -> JsonValue:
    """What references into a tool's result see: its structured data, else the JSON its text holds, else the text.

    A value that only stands in ``{"result": ...}``, as MCP servers wrap what is no object, is seen itself.
    """
    if result.data is not None:
        return result.data["result"] if isinstance(result.data, dict) and [*result.data] == ["result"] else result.data
    text = result.content.strip()
    if text[:1] in ("{", "["):
        from pydantic_core import from_json

        try:
            value: JsonValue = from_json(text, allow_inf_nan=False)
        except ValueError:
            return result.content
        return value
    return result.content


def item_id(step_id: str, index: int) -> str:
    """The id of one item of a ``for_each`` step."""
    return f"{step_id}[{index}]"


def step_of(item: str) -> str:
    """The step that an id of a step or of one of its items belongs to."""
    return item.partition("[")[0]
