"""Telling people that an approval waits, and telling more of them when nobody has decided for a while.

A notice is given once what it tells of is on disk; one that cannot be delivered is logged and holds nothing up.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from typing import Literal, Protocol

from journal import events as ev
from journal.errors import ConfigurationError
from journal.events import Event
from journal.projection import TaskState

ENTRY_POINTS = "journeyman.notifiers"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """``kind`` says why: an approval was asked for, or nobody has decided it in time. No arguments: they may be private."""

    kind: Literal["requested", "escalated"]
    tenant: str
    task_id: str
    approval_id: str
    tools: tuple[str, ...]
    submitted_by: str
    expires_at: datetime


class Notifier(Protocol):
    """One way of telling people. May raise; what it raises is logged."""

    async def notify(self, notice: Notice) -> None: ...


class LogNotifier:
    """Tells the log: a request as information, an escalation as a warning."""

    async def notify(self, notice: Notice) -> None:
        escalated = notice.kind == "escalated"
        told = "nobody has decided an approval yet" if escalated else "an approval waits for a decision"
        about = {"task_id": notice.task_id, "approval_id": notice.approval_id, "tools": ", ".join(notice.tools)}
        expires = {"expires_at": notice.expires_at.isoformat(), "tenant": notice.tenant}
        logger.log(logging.WARNING if escalated else logging.INFO, told, extra=about | expires)


class Notices:
    """Turns committed events into notices and hands each to every notifier."""

    def __init__(self, notifiers: Sequence[Notifier]) -> None:
        self._notifiers = notifiers
        self._under_way: set[asyncio.Task[None]] = set()

    def heed(self, state: TaskState, events: Sequence[Event]) -> None:
        """Called with events that are on disk; returns at once."""
        for event in events:
            notice = _notice(state, event)
            if notice is None:
                continue
            for notifier in self._notifiers:
                task = asyncio.create_task(_deliver(notifier, notice))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def aclose(self) -> None:
        """Wait for what is being delivered."""
        await asyncio.gather(*self._under_way, return_exceptions=True)


def find_notifiers(names: Sequence[str]) -> list[Notifier]:
    """The notifiers of these names: ``log``, or what an installed package adds. Raises ``ConfigurationError``."""
    return [_find(name) for name in dict.fromkeys(names)]


def _find(name: str) -> Notifier:
    if name == "log":
        return LogNotifier()
    points = entry_points(group=ENTRY_POINTS)
    if name not in points.names:
        known = ", ".join(sorted({"log", *points.names}))
        raise ConfigurationError(f"approvals.notify: there is no notifier `{name}`.", hint=f"There are: {known}.")
    made: Notifier = points[name].load()()
    return made


def _notice(state: TaskState, event: Event) -> Notice | None:
    match event.data:
        case ev.ApprovalRequested(approval_id=approval_id):
            kind: Literal["requested", "escalated"] = "requested"
        case ev.ApprovalEscalated(approval_id=approval_id):
            kind = "escalated"
        case _:
            return None
    approval = state.approvals.get(approval_id)
    if approval is None:
        return None
    tools = tuple(call.tool for call in approval.calls)
    return Notice(kind, state.tenant, state.id, approval_id, tools, state.submitted.owner, approval.expires_at)


async def _deliver(notifier: Notifier, notice: Notice) -> None:
    try:
        await notifier.notify(notice)
    except Exception as error:
        logger.warning("a notice could not be delivered: %s", error, extra={"approval_id": notice.approval_id})
