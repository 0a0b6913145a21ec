"""The public documents. They are made from the journal's records and never read back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SerializeAsAny, WithJsonSchema

from agents.artifacts import Artifact
from journal.events import Event, EventData
from journal.records import TaskRecord
from journal.techniques import Techniques
from journal.values import (
    Approval,
    ApprovalStatus,
    Budget,
    CallUnderApproval,
    Outcome,
    Problem,
    SourceRef,
    Status,
    TokenUsage,
    ToolHints,
    Usage,
    Value,
    Waiting,
)
from llm.router import Model
from llm.settings import Price
from memory.items import Ingested, MemoryItem, Recalled
from tools.types import Absent, Served, Tool
from trust.labels import Label


class TaskDocument(Value):
    """A goal and how it went. ``label`` is the answer's: one that rests on text from outside is untrusted, and nothing in it
    may be loaded or followed by itself. ``last_seq`` is the newest event this document knows of; times are UTC."""

    id: str
    status: Status
    outcome: Outcome | None
    goal: str
    answer: str | None
    output: JsonValue
    label: Label | None
    sources: tuple[SourceRef, ...]
    agent: str
    planner: str
    thread_id: str | None
    parent_id: str | None
    forked_from: str | None
    waiting: Waiting | None
    usage: Usage
    budget: Budget
    error: Problem | None
    last_seq: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, record: TaskRecord) -> "TaskDocument":
        return cls.model_construct(**{name: getattr(record, name) for name in cls.model_fields})


class TaskPage(Value):
    """Tasks, newest first. ``next`` is the ``before`` of the next page; ``null`` on the last one."""

    tasks: tuple[TaskDocument, ...]
    next: str | None


class EventDocument(Value):
    """One event of a journal. What ``data`` holds depends on ``kind``."""

    seq: int
    kind: str
    at: datetime
    data: Annotated[SerializeAsAny[EventData], WithJsonSchema({"type": "object"})]

    @classmethod
    def of(cls, event: Event) -> "EventDocument":
        return cls.model_construct(seq=event.seq, kind=event.kind, at=event.at, data=event.data.public())


class EventPage(Value):
    """Events in order. ``next`` is the ``after`` of the next page; ``ended``: no more will come."""

    events: tuple[EventDocument, ...]
    next: int
    ended: bool


class StepDocument(Value):
    """One model turn or tool call of a task, put together from its events.

    ``seq`` is the event that began it, ``ended_seq`` the one with its result. A tool call is ``asked`` until it is sent
    or returns, and ``waiting`` while a person must approve it. ``seconds`` is wall time.
    """

    seq: int
    kind: Literal["model", "tool"]
    name: str
    status: Literal["asked", "waiting", "running", "completed", "failed", "in_doubt"]
    call_id: str | None = None
    args: dict[str, JsonValue] | None = None
    started_at: datetime
    ended_at: datetime | None = None
    ended_seq: int | None = None
    seconds: float | None = None
    usage: TokenUsage | None = None
    cost_usd: float | None = None
    error: str | None = None


class StepList(Value):
    steps: tuple[StepDocument, ...]


class ArtifactDocument(Value):
    """A file that a task wrote. ``name`` is its path in the workspace, ``digest`` the SHA-256 of its content; ``created_at``
    is when it was written last."""

    name: str
    media_type: str
    bytes: int
    digest: str
    created_at: datetime

    @classmethod
    def of(cls, artifact: Artifact) -> "ArtifactDocument":
        return cls.model_construct(
            name=artifact.name,
            media_type=artifact.media_type,
            bytes=artifact.size,
            digest=artifact.digest,
            created_at=artifact.created_at,
        )


class ArtifactList(Value):
    artifacts: tuple[ArtifactDocument, ...]


class ApprovalDocument(Value):
    """Calls that wait for a person's word, or had it."""

    id: str
    task_id: str
    digest: str
    status: ApprovalStatus
    expires_at: datetime
    escalates_at: datetime | None
    escalated_at: datetime | None
    calls: tuple[CallUnderApproval, ...]
    plan_version: int
    decided_by: str | None
    note: str

    @classmethod
    def of(cls, approval: Approval) -> "ApprovalDocument":
        return cls.model_construct(**{name: getattr(approval, name) for name in cls.model_fields})


class ApprovalList(Value):
    approvals: tuple[ApprovalDocument, ...]


class IngestedDocument(Value):
    """What was put into memory: documents ``added``, ``unchanged`` and ``removed``, and the items they were cut into."""

    source: str
    added: int
    unchanged: int
    removed: int
    items: int

    @classmethod
    def of(cls, source: str, ingested: Ingested) -> "IngestedDocument":
        return cls(
            source=source,
            added=ingested.added,
            unchanged=ingested.unchanged,
            removed=ingested.removed,
            items=ingested.items,
        )


class MemoryItemDocument(Value):
    """One remembered unit. ``position`` says where in ``source`` it stands, ``heading`` under which headings."""

    id: str
    namespace: str
    text: str
    source: str
    position: str
    heading: str
    label: Label
    created_at: datetime
    metadata: dict[str, Any]

    @classmethod
    def of(cls, item: MemoryItem) -> "MemoryItemDocument":
        return cls.model_construct(**{name: getattr(item, name) for name in cls.model_fields})


class MemoryPage(Value):
    """Items in the order of their ids. ``next`` is the ``after`` of the next page; ``null`` on the last one."""

    items: tuple[MemoryItemDocument, ...]
    next: str | None


class FoundDocument(MemoryItemDocument):
    """An item that a search found. ``score`` is in [0, 1] and comparable within one search; ``why``: what matched."""

    score: float
    why: str

    @classmethod
    def found(cls, recalled: Recalled) -> "FoundDocument":
        fields = {name: getattr(recalled.item, name) for name in MemoryItemDocument.model_fields}
        return cls.model_construct(**fields, score=recalled.score, why=recalled.why)


class FoundList(Value):
    """What a search found, best first."""

    items: tuple[FoundDocument, ...]


class McpFacts(Value):
    """Where an MCP server's tool comes from. ``claims`` are the server's own hints: they count where it is ``trusted``."""

    server: str
    trusted: bool
    claims: ToolHints
    pinned_at: datetime | None

    @classmethod
    def of(cls, served: Served) -> "McpFacts":
        return cls(server=served.server, trusted=served.trusted, claims=served.claims, pinned_at=served.since)


class ToolDocument(Value):
    """A tool as the runtime knows it. ``parameters`` is a JSON Schema; ``version`` changes with what it pins.

    ``hints`` are those that count; ``mcp`` is set for a tool of an MCP server.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    hints: ToolHints
    origin: str
    label: Label
    version: str
    mcp: McpFacts | None = None

    @classmethod
    def of(cls, tool: Tool) -> "ToolDocument":
        return cls.model_construct(
            name=tool.name,
            description=tool.description,
            parameters=tool.parameters,
            hints=tool.hints,
            origin=tool.origin,
            label=tool.label,
            version=tool.pinned,
            mcp=None if tool.served is None else McpFacts.of(tool.served),
        )


class AbsentTool(Value):
    """A tool, or all of a server's (``NAME.*``), that cannot be used now, and why."""

    name: str
    why: str
    hint: str = ""

    @classmethod
    def of(cls, absent: Absent) -> "AbsentTool":
        return cls(name=absent.name, why=absent.why, hint=absent.hint)


class ToolList(Value):
    tools: tuple[ToolDocument, ...]
    absent: tuple[AbsentTool, ...] = ()


class ModelDocument(Value):
    """A configured model. ``price`` is USD per million tokens."""

    name: str
    provider: str
    model: str
    price: Price | None
    context_window: int
    max_output_tokens: int

    @classmethod
    def of(cls, model: Model) -> "ModelDocument":
        settings = model.settings
        return cls(
            name=model.name,
            provider=settings.provider,
            model=settings.model,
            price=settings.price,
            context_window=settings.context_window,
            max_output_tokens=settings.max_output_tokens,
        )


class ModelList(Value):
    models: tuple[ModelDocument, ...]


class AgentDocument(Value):
    """An agent profile. ``tools`` and ``models`` of ``null`` mean all there are."""

    name: str
    instructions: str
    planner: str
    tools: tuple[str, ...] | None
    models: tuple[str, ...] | None
    budget: Budget
    techniques: Techniques


class AgentList(Value):
    agents: tuple[AgentDocument, ...]


class HealthDocument(BaseModel):
    status: Literal["ok"] = "ok"


def events_of(events: Iterable[Event]) -> tuple[EventDocument, ...]:
    return tuple(EventDocument.of(event) for event in events)


class CancelRequest(BaseModel):
    """``note`` is journaled with the cancellation."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=10_000)


class ForkRequest(BaseModel):
    """``seq`` is the last event the new task shares with this one."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=1, le=2**53)
