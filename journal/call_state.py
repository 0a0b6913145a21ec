"""Where one tool call stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from journal.values import ToolCall
from trust.labels import Label


class CallStage(StrEnum):
    """Where one tool call stands."""

    ASKED = "asked"
    """The model asked for it; nothing has been sent."""
    APPROVED = "approved"
    """A person said yes; nothing has been sent."""
    SENT = "sent"
    """Its intent is journaled; whether it happened is not yet known."""
    IN_DOUBT = "in_doubt"
    """It will not be known without a person."""
    DONE = "done"
    """Its result or failure is journaled."""


@dataclass(slots=True)
class CallState:
    """One call of the model's latest turn. ``attempts`` counts journaled intents, ``occurrence`` equal earlier calls."""

    call: ToolCall
    stage: CallStage = CallStage.ASKED
    approval_id: str | None = None
    denied: str | None = None
    """Set when a person refused, an approval ran out, or a doubtful call was left undone: why."""
    edited: bool = False
    """A person approved it with other arguments than the model's."""
    reply: str | None = None
    """What a person answered to this call's question."""
    intent_key: str | None = None
    occurrence: int = 0
    attempts: int = 0
    sent_at: datetime | None = None
    sent_epoch: int = 0
    sent_version: str = ""
    """The tool's version that the latest intent names."""
    not_happened: bool = False
    """Settled as not having happened: it may be sent again."""
    labels: dict[str, Label] | None = None
    """Where each argument came from, for a call of a plan; ``None``: the model has read the whole context."""
    decided: Label | None = None
    """The label of all the model had read when it asked for the call; a plan's calls are decided by the plan."""
    condition: Label | None = None
    """The label of what whether and how often a plan's call is made depends on."""
