"""Calls in doubt, as the person sees them who has to say what became of them."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import JsonValue

from journal import events as ev
from journal.events import Event
from journal.values import Value


class Doubt(Value):
    """A call that was sent and whose end nobody knows. ``sent_at`` is when its intent was journaled, ``attempts`` how often it
    was sent; ``idempotency_key`` is what the tool was handed, to look for at the other end."""

    call_id: str
    tool: str
    args: dict[str, JsonValue]
    version: str
    sent_at: datetime
    attempts: int
    idempotency_key: str | None
    why: str
    seq: int


def doubts_of(events: Iterable[Event]) -> list[Doubt]:
    """The calls that are in doubt behind these events, in the order in which doubt arose."""
    sent: dict[str, Event] = {}
    doubtful: dict[str, Doubt] = {}
    for event in events:
        match event.data:
            case ev.ToolRequested(call_id=call_id):
                sent[call_id] = event
                doubtful.pop(call_id, None)
            case ev.ToolInDoubt(call_id=call_id) as data:
                if (intent := sent.get(call_id)) is not None:
                    doubtful[call_id] = _doubt(intent, data, event.seq)
            case ev.ToolReconciled(call_id=call_id) | ev.ToolCompleted(call_id=call_id) | ev.ToolFailed(call_id=call_id):
                doubtful.pop(call_id, None)
    return list(doubtful.values())


def _doubt(intent: Event, data: ev.ToolInDoubt, seq: int) -> Doubt:
    meant = intent.data
    assert isinstance(meant, ev.ToolRequested)
    return Doubt(
        call_id=data.call_id,
        tool=data.tool,
        args=meant.args,
        version=meant.version,
        sent_at=intent.at,
        attempts=meant.attempt,
        idempotency_key=intent.intent_key,
        why=data.why,
        seq=seq,
    )
