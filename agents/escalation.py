"""How long an approval waits: others are told when nobody has decided for a while, and in the end it expires."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from journal import events as ev
from journal.values import Approval, ApprovalStatus


@dataclass(frozen=True, slots=True)
class Terms:
    """``hours`` until an approval expires, and until it escalates (``None``: never)."""

    hours: float
    escalate_after_hours: float | None = None

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(hours=self.hours)

    def escalates_at(self, now: datetime) -> datetime | None:
        return None if self.escalate_after_hours is None else now + timedelta(hours=self.escalate_after_hours)


def next_look(pending: Iterable[Approval]) -> datetime:
    """When the first of these approvals escalates or expires."""
    return min(_due(approval) for approval in pending)


def overdue(approvals: Iterable[Approval], now: datetime) -> Iterator[ev.ApprovalDecided | ev.ApprovalEscalated]:
    """What time has made of the pending ones among these approvals."""
    for approval in approvals:
        if approval.status is not ApprovalStatus.PENDING:
            continue
        if approval.expires_at <= now:
            yield ev.ApprovalDecided(approval_id=approval.id, decision="expired", by="system")
        elif _due(approval) <= now:
            yield ev.ApprovalEscalated(approval_id=approval.id)


def _due(approval: Approval) -> datetime:
    waits = approval.escalates_at is not None and approval.escalated_at is None
    return min(approval.escalates_at, approval.expires_at) if waits and approval.escalates_at else approval.expires_at
