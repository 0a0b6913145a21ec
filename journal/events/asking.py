"""Model calls, and what stands in place of what outgrew a window."""

from datetime import datetime
from typing import Literal

from journal.events.envelope import EventData
from journal.values import Message, Opaque, Reservation, TokenUsage, ToolCall
from trust.labels import Label


class LlmRequested(EventData):
    """A model is about to be asked; the reservation is its worst case.

    ``added`` holds only messages that no other event holds (instructions, notes, repairs): the prompt is
    rebuilt from the journal, so each message is stored once. ``tools_digest`` pins the offered tools. With role
    ``summarize`` the prompt is a rendering of the events that the ``context.compacted`` behind it covers.
    """

    kind = "llm.requested"

    model: str
    role: str
    reserved: Reservation
    added: tuple[Message, ...] = ()
    tools_digest: str = ""
    attempt: int = 1
    step: str = ""
    """The step of a plan that asks, in a conversation of its own, or what an aside is for; empty: the task itself."""
    technique: str = ""
    """The technique that this call belongs to."""


class LlmCompleted(EventData):
    """A model answered; settles the open reservation. ``seconds`` is wall time of the call.

    With role ``summarize`` the answer stands in the ``context.compacted`` behind it, not here.
    """

    kind = "llm.completed"

    model: str
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: TokenUsage
    cost_usd: float
    finish_reason: str
    response_id: str | None = None
    seconds: float
    role: str = "act"
    opaque: Opaque | None = None
    step: str = ""


class LlmFailed(EventData):
    """A model call failed.

    ``spent``: it may have been billed, so its reservation counts as spent. ``again``: the same model may be asked again at
    once. ``transient``: the cause may pass with time, at ``retry_at`` if the API said when.
    """

    kind = "llm.failed"

    model: str
    error: str
    detail: str
    spent: bool
    again: bool = False
    transient: bool = False
    retry_at: datetime | None = None
    step: str = ""


class ContextCompacted(EventData):
    """The conversation outgrew the model's window: a summary stands in place of the events up to ``upto_seq``.

    What came behind them (``kept`` messages) is sent as it was. ``summary`` was written by a model, or where none could
    (``by`` is ``structure``) put together from the calls and how their results begin. ``reason``: ``window`` (the next
    prompt would not fit) or ``refused`` (the API said it does not).
    """

    kind = "context.compacted"

    upto_seq: int
    summary: str
    kept: int
    reason: Literal["window", "refused"]
    by: str
    label: Label
