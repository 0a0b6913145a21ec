"""What somebody may ask of schedules. ``POST /v1/schedules`` and ``[[schedules]]`` take ``ScheduleRequest`` itself."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from agents.requests import MAX_CONTEXT_CHARS, MAX_GOAL_CHARS, BudgetRequest, TaskRequest
from agents.scheduling.cron import Cron, zone_named
from journal.errors import InvalidInput

Overlap = Literal["skip", "queue", "cancel_previous"]
CatchUp = Literal["none", "last", "all"]

MAX_CATCH_UP = 100

_OF_A_TASK = (
    "goal",
    "agent",
    "planner",
    "thread_id",
    "tools",
    "models",
    "budget",
    "namespaces",
    "output_schema",
)


_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


def _plain(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise ValueError("a name has up to 100 letters, digits, dots, dashes and underscores, a letter or digit first")
    return name


class ScheduleRequest(BaseModel):
    """When to submit which task. Exactly one of ``cron`` (five fields, read in ``timezone``) and ``start_at`` (once).

    ``overlap``: what a fire does while the task of an earlier one is still under way. ``catch_up``: which of the fires that
    were missed while nothing ran are made good, at most ``catch_up_limit`` with ``all``. Each fire is put off by up to
    ``jitter_seconds``, always the same for the same fire. The other fields are those of a task.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_plain), WithJsonSchema({"type": "string", "pattern": _NAME})]
    cron: str | None = Field(None, max_length=200)
    timezone: str = Field("UTC", max_length=100)
    start_at: AwareDatetime | None = None
    overlap: Overlap = "skip"
    catch_up: CatchUp = "last"
    catch_up_limit: int = Field(10, ge=1, le=MAX_CATCH_UP)
    jitter_seconds: int = Field(0, ge=0, le=86_400)
    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_GOAL_CHARS)]
    agent: str = Field("default", max_length=200)
    planner: str | None = None
    thread_id: str | None = Field(None, max_length=200)
    tools: list[str] | None = None
    models: list[str] | None = None
    budget: BudgetRequest = BudgetRequest()
    context: str = Field("", max_length=MAX_CONTEXT_CHARS)
    namespaces: list[str] | None = None
    output_schema: dict[str, JsonValue] | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_fire(self) -> Self:
        if (self.cron is None) == (self.start_at is None):
            raise ValueError(f"the schedule {self.name!r} needs exactly one of `cron` and `start_at`")
        try:
            zone_named(self.timezone) if self.cron is None else Cron.parse(self.cron, self.timezone)
        except InvalidInput as error:
            told = f"{error.message.rstrip('.')} ({error.hint.rstrip('.')})"
            raise ValueError(f"the schedule {self.name!r}: {told}") from None
        return self

    @property
    def recurring(self) -> Cron | None:
        """The parsed cron; ``None`` for a schedule that fires once."""
        return None if self.cron is None else Cron.parse(self.cron, self.timezone)

    def task(self, fire_at: datetime) -> TaskRequest:
        """The task of one fire. It is told which one it is."""
        local = fire_at.astimezone(zone_named(self.timezone))
        told = f"This task was started by the schedule {self.name}, for {local:%A, %Y-%m-%d %H:%M} ({self.timezone})."
        given: dict[str, Any] = {name: getattr(self, name) for name in _OF_A_TASK}
        mark: dict[str, JsonValue] = {"schedule": self.name, "fire_at": fire_at.astimezone(UTC).isoformat()}
        return TaskRequest(**given, context=f"{self.context}\n\n{told}".strip(), metadata={**self.metadata, **mark})


class ScheduleChange(BaseModel):
    """What shall be different; what is absent stays as it is. ``null`` for ``cron`` or ``start_at`` takes it away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paused: bool | None = None
    cron: str | None = None
    timezone: str | None = None
    start_at: AwareDatetime | None = None
    overlap: Overlap | None = None
    catch_up: CatchUp | None = None
    catch_up_limit: int | None = None
    jitter_seconds: int | None = None
    goal: str | None = None
    agent: str | None = None
    planner: str | None = None
    thread_id: str | None = None
    tools: list[str] | None = None
    models: list[str] | None = None
    budget: BudgetRequest | None = None
    context: str | None = None
    namespaces: list[str] | None = None
    output_schema: dict[str, JsonValue] | None = None
    metadata: dict[str, JsonValue] | None = None

    def changed(self) -> dict[str, Any]:
        """The fields that were given, but for ``paused``."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"paused"})


class BackfillRequest(BaseModel):
    """A range of the past: every fire of the schedule in it that was not made is made now. ``from`` and ``until`` count in."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime
