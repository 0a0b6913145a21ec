"""What the lines of ``events-0.3.jsonl`` mean: the kinds and fields that version 0.3 added, in the order of the file."""

from datetime import UTC, datetime

from journal import events as ev
from journal.events import Event, EventData
from journal.values import Budget, Message, WaitingReason
from trust.labels import USER

DATA: list[EventData] = [
    ev.TaskWaiting(reason=WaitingReason.CONCURRENCY, behind="task_1"),
    ev.TaskResumed(
        reason=WaitingReason.CONCURRENCY,
        by="system",
        history=(Message(role="user", content="Where is Kiel?"), Message(role="assistant", content="Up north.", label=USER)),
    ),
    ev.TaskCanceled(by="task task_3", note="It gave way.", left_out=True),
    ev.TaskForked(origin="task_1", seq=7, by="ann", idle_seconds=12.5, retry=True),
    ev.TaskSubmitted(goal="g", agent="default", planner="react", budget=Budget(), priority=7),
    ev.TaskWaiting(reason=WaitingReason.PAUSED, halted=True),
    ev.TaskSubmitted(goal="g", agent="default", planner="plan", budget=Budget(), revise_from_results=True),
    ev.ApprovalDecided(approval_id="apr_1_1", decision="approve", by="ann", only=("call_2",)),
]

AT = datetime(2026, 11, 24, 10, 20, 30, 123456, tzinfo=UTC)

EVENTS = [Event(seq, AT, 2, data) for seq, data in enumerate(DATA, 1)]
