"""What somebody may ask of the runtime. The REST body of ``POST /v1/tasks`` is ``TaskRequest`` itself."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from agents.webhooks.records import WebhookEvent
from journal.records import Concurrency
from journal.techniques import MAX_SAMPLES, Example, Hint
from tools.mcp.settings import HeaderName, ServerName, VariableName

MAX_GOAL_CHARS = 100_000
MAX_CONTEXT_CHARS = 1_000_000


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BudgetRequest(_Asked):
    """Ceilings for one task; what is absent comes from the agent profile, and no ceiling may be above the profile's."""

    max_steps: int | None = Field(None, ge=1)
    max_cost_usd: float | None = Field(None, ge=0)
    max_tokens: int | None = Field(None, ge=1)
    max_seconds: float | None = Field(None, gt=0)


class TechniquesRequest(_Asked):
    """Techniques for one task; what is absent comes from the agent profile, and `false`, 1 or an empty list turns one off."""

    few_shot: list[Example] | None = Field(None, max_length=20)
    chain_of_thought: bool | None = None
    self_consistency: int | None = Field(None, ge=1, le=MAX_SAMPLES)
    reflexion: bool | None = None
    program_aided: bool | None = None
    directional_stimulus: list[Hint] | None = Field(None, max_length=50)


class AttachmentRequest(_Asked):
    """A file for the task: its content as exactly one of ``text``, ``data_base64`` and ``url``.

    It lies in the workspace as ``attachments/NAME``, under a name made safe. A ``url`` must be named in the goal.
    """

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]{1,100}/[\w.+-]{1,100}$")] | None = None
    text: str | None = None
    data_base64: str | None = None
    url: str | None = Field(None, max_length=4000)


class TaskServerRequest(_Asked):
    """An MCP server (streamable HTTP) for one task; its tools are called ``NAME.tool``, and every call of one asks a person.

    ``headers_env`` maps a header to one of the variables that the operator released to the URL's origin.
    """

    name: ServerName
    url: str = Field(min_length=1, max_length=2000)
    headers_env: dict[HeaderName, VariableName] = Field(default_factory=dict, max_length=20)


class WebhookRequest(_Asked):
    """An address to be told of events by the Standard Webhooks convention; no ``events``: of all. ``secret`` signs the
    messages (``whsec_...``); without one, one is made."""

    url: str = Field(min_length=1, max_length=2000)
    events: tuple[WebhookEvent, ...] = Field((), max_length=10)
    secret: SecretStr | None = None


class WebhookChange(_Asked):
    """What is to change; what is absent stays."""

    url: str | None = Field(None, min_length=1, max_length=2000)
    events: tuple[WebhookEvent, ...] | None = Field(None, max_length=10)
    enabled: bool | None = None


class GrantRequest(_Asked):
    """Leave what is to be done to a text: one from ``source`` (``tool:mail.read``, ``attachment:todo.txt``, patterns) may be
    planned from, with ``tools`` alone, and a person is shown each concrete effect before it happens.
    """

    source: str = Field(min_length=1, max_length=200)
    tools: list[str] = Field(min_length=1, max_length=100)


class TaskRequest(_Asked):
    """A goal and how to go about it. All but ``goal`` have defaults from the agent profile."""

    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_GOAL_CHARS)]
    agent: str = "default"
    planner: str | None = None
    thread_id: str | None = Field(None, max_length=200)
    tools: list[str] | None = None
    models: list[str] | None = None
    budget: BudgetRequest = BudgetRequest()
    context: str = Field("", max_length=MAX_CONTEXT_CHARS)
    namespaces: list[str] | None = None
    attachments: list[AttachmentRequest] = Field(default_factory=list, max_length=20)
    output_schema: dict[str, JsonValue] | None = None
    """A JSON Schema; the answer will be JSON that holds it."""
    mcp_servers: list[TaskServerRequest] = Field(default_factory=list, max_length=100)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    priority: int = Field(0, ge=-100, le=100)
    """Among the tenant's own tasks that wait for a worker; higher ones come first."""
    plan_only: bool = False
    grants: list[GrantRequest] = Field(default_factory=list, max_length=20)
    """Texts that may decide what is done: without one, a child task that has read from outside goes step by step."""
    revise_from_results: bool = False
    """Whoever revises a plan may read what its steps returned; from then on every effect of the plan asks."""
    webhook: WebhookRequest | None = None
    """Is told of this task, beside the tenant's own webhooks."""
    start_at: AwareDatetime | None = None
    """Not before this time; until then it waits."""
    concurrency: Concurrency = Concurrency.ENQUEUE
    """What becomes of it, or of them, where earlier tasks of its thread have not ended."""
    techniques: TechniquesRequest = TechniquesRequest()


class Decision(_Asked):
    """A person's word on an approval. With ``edit``, ``calls`` maps step ids to the arguments approved instead; with
    ``approve`` it may list the step ids that alone are approved, and then the other calls are denied.

    ``scope`` = ``task`` approves, for the rest of the task, every call like these ones: same tool, same version, same
    arguments but for those that only say something (classes ``content`` and ``time``).
    """

    decision: Literal["approve", "deny", "edit"]
    calls: dict[str, dict[str, JsonValue]] | list[str] = Field(default_factory=dict)
    note: str = Field("", max_length=10_000)
    scope: Literal["once", "task"] = "once"


class RetryRequest(_Asked):
    """From where a failed task is taken up: a step (of its plan, or a call by its id), or the event ``seq``; by default from
    what failed. ``budget`` raises its ceilings."""

    step_id: str | None = Field(None, max_length=200)
    seq: int | None = Field(None, ge=1, le=2**53)
    budget: BudgetRequest = BudgetRequest()


class InputRequest(_Asked):
    """What a person tells a task: an answer to its question or a remark (``text``), or the verdict on a call in doubt
    (``call_id`` with ``verdict``; ``happened`` may bring the ``result`` text)."""

    text: str | None = Field(None, max_length=MAX_GOAL_CHARS)
    call_id: str | None = None
    verdict: Literal["happened", "not_happened", "skipped", "fail"] | None = None
    result: str | None = Field(None, max_length=MAX_CONTEXT_CHARS)
