"""The value types that events carry: frozen, JSON-shaped, shared by every room above."""

from datetime import datetime
from enum import StrEnum
from operator import not_
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from trust.labels import USER, Label


class Value(BaseModel):
    """Base of everything that is persisted: frozen; a change is a new value.

    Unknown fields are ignored on reading, so what a newer minor version wrote still reads.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True, populate_by_name=True)


ATTACHMENTS = "attachments"
"""The folder of a task's workspace in which the files lie that came with its goal."""


class Status(StrEnum):
    """A2A's task states."""

    SUBMITTED = "submitted"
    WORKING = "working"
    INPUT_REQUIRED = "input_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    REJECTED = "rejected"

    @property
    def ended(self) -> bool:
        return self in _ENDED


_ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELED, Status.REJECTED})


class Outcome(StrEnum):
    """Why a task ended; every ending has a name."""

    ACHIEVED = "achieved"
    GAVE_UP = "gave_up"
    BUDGET_EXHAUSTED = "budget_exhausted"
    DEADLINE = "deadline"
    SCHEMA_UNMET = "schema_unmet"
    ERROR = "error"
    ABANDONED = "abandoned"
    CANCELED = "canceled"
    REFUSED_BY_POLICY = "refused_by_policy"
    INVALID = "invalid"


class WaitingReason(StrEnum):
    """Why a task rests. The first four need a person (``input_required``); the others stay ``working``."""

    APPROVAL = "approval"
    INPUT = "input"
    IN_DOUBT = "in_doubt"
    PAUSED = "paused"
    TIMER = "timer"
    RATE_LIMIT = "rate_limit"
    CONCURRENCY = "concurrency"
    SUBTASK = "subtask"

    @property
    def needs_person(self) -> bool:
        return self in _NEEDS_PERSON


_NEEDS_PERSON = frozenset({WaitingReason.APPROVAL, WaitingReason.INPUT, WaitingReason.IN_DOUBT, WaitingReason.PAUSED})


class Waiting(Value):
    """Why and since when a task rests. ``wake_at`` is set for ``timer`` and ``rate_limit``; ``behind`` names the task of the
    same thread that has its turn first."""

    reason: WaitingReason
    since: datetime
    wake_at: datetime | None = None
    question: str | None = None
    calls: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    behind: str | None = None
    halted: bool = False


class ToolCall(Value):
    """One call a model asked for. ``malformed`` holds the raw text when it was not a JSON object."""

    id: str
    tool: str
    args: dict[str, JsonValue] = Field(default_factory=dict)
    malformed: str | None = None


class ToolHints(Value):
    """MCP's tool hints. ``None`` means the tool does not say, which counts as the worst case."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class ToolResult(Value):
    """What a tool returned. ``content`` is the text a model may read; ``data`` the structured value, if any."""

    content: str
    data: JsonValue = None
    label: Label
    sources: tuple["SourceRef", ...] = ()


class SourceRef(Value):
    """Where a piece of an answer can be checked: a document and the position in it."""

    source: str
    position: str
    label: Label


class ImagePart(Value):
    """An image that a model is shown beside a message's text. ``data`` is base64 without line breaks."""

    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: str = Field(min_length=4, pattern=r"^[A-Za-z0-9+/]+={0,2}$")


class Opaque(Value):
    """Parts of a model's answer that only its own API understands and wants back, as signed thinking.

    They are sent to the same ``model`` in the same wire ``format`` again, and to nobody else. ``parts`` is the answer in
    its order: an object is a foreign part as it came, a positive number so many characters of the message's text, and a
    number from -1 down one of its calls (-1 is the first).
    """

    format: str
    model: str
    parts: tuple[JsonValue, ...]


class Message(Value):
    """One message of a conversation with a model, independent of any provider's wire format.

    ``images`` belong to messages of users and tools. ``is_error`` marks the result of a call that failed.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    label: Label = USER
    # Left out where they say nothing, so that kinds which are written whole look as they did before these came.
    images: tuple[ImagePart, ...] = Field((), exclude_if=not_)
    is_error: bool = Field(False, exclude_if=not_)
    opaque: Opaque | None = Field(None, exclude_if=not_)


class Usage(Value):
    """What a task has spent so far. ``cost_usd`` counts settled model calls at their journaled prices."""

    steps: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class TokenUsage(Value):
    """What one model call used, as the provider reported it.

    ``cached_input_tokens`` were read from the provider's prompt cache and ``cache_write_tokens`` written to it: both are
    part of the input. ``reasoning_tokens`` are part of the output.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


class Budget(Value):
    """The ceilings of a task: model turns, USD, tokens of all kinds, seconds since it started."""

    model_config = ConfigDict(extra="forbid")

    max_steps: int = Field(50, ge=1)
    max_cost_usd: float = Field(1.0, ge=0)
    max_tokens: int = Field(2_000_000, ge=1)
    max_seconds: float = Field(3600, gt=0)


class TaskServer(Value):
    """An MCP server that came with a task. ``headers_env`` maps a header to the variable that holds its value."""

    name: str
    url: str
    headers_env: dict[str, str] = Field(default_factory=dict)


class Grant(Value):
    """What a person leaves to a text: a task planned from text of ``source`` (a label's source, or a pattern such as
    ``tool:mail.*``) may use ``tools`` (names or patterns). Each of its effects still asks."""

    source: str
    tools: tuple[str, ...]


class Reservation(Value):
    """The worst case of one model call, set aside before it is sent."""

    input_tokens: int
    output_tokens: int
    cost_usd: float


class Problem(Value):
    """An RFC 9457 problem, as the API shows it and as ``task.failed`` keeps it."""

    type: str = "about:blank"
    title: str
    status: int = 500
    detail: str = ""
    hint: str = ""


class CallUnderApproval(Value):
    """One call that waits for a person's word, with everything the person must see.

    ``free`` are the arguments that only say something: they may differ where the person approves all calls like this one.
    """

    step_id: str
    tool: str
    version: str
    effect: str
    args: dict[str, JsonValue]
    labels: dict[str, Label]
    why: str
    free: tuple[str, ...] = Field((), exclude_if=not_)


class ApprovalStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    VOID = "void"


class Approval(Value):
    """A person's word on one or more calls, bound to their digest. ``plan_version`` is that of the plan they belong to, 0 for
    calls of no plan."""

    id: str
    task_id: str
    digest: str
    status: ApprovalStatus = ApprovalStatus.PENDING
    expires_at: datetime
    calls: tuple[CallUnderApproval, ...]
    plan_version: int = 0
    decided_by: str | None = None
    note: str = ""
    escalates_at: datetime | None = None
    escalated_at: datetime | None = None
