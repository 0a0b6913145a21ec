"""Which events of a task are administrative acts, and the settings a process starts with: what goes into the audit log."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from agents.settings import RuntimeSettings
from journal import events as ev
from journal.audit import Act, AuditLog, record
from journal.events import Event
from journal.projection import TaskState
from trust.digest import digest

_WORDS = {"approve": "approval.approved", "edit": "approval.edited", "deny": "approval.denied"}
SETTINGS = "settings.changed"


def recording(state: TaskState, events: Sequence[Event]) -> Callable[[Any], None] | None:
    """What writes the acts among ``events`` beside them, in the same transaction; ``None`` where there are none."""
    acts = [act for event in events for act in _acts(state, event)]
    if not acts:
        return None

    def write(connection: Any) -> None:
        if connection is not None:  # the journal in memory has no audit log
            for act in acts:
                record(connection, state.tenant, act)

    return write


async def note_settings(audit: AuditLog, settings: RuntimeSettings, tenant: str = "default") -> None:
    """Write down that this process runs with other settings than the last one said. Each section stands for itself, as the
    digest of its values: what changed can be told, and no value is shown."""
    values = settings.model_dump(mode="json", exclude={"home"})
    sections = {name: digest(value)[:16] for name, value in sorted(values.items())}
    last = next(iter(await audit.entries(tenant, act=SETTINGS, limit=1)), None)
    before = {} if last is None else last.details.get("sections")
    if before == sections:
        return
    known = before if isinstance(before, dict) else {}
    changed = [name for name in sections if known.get(name) != sections[name]]
    target = str(settings.config_file or "defaults")
    details: dict[str, Any] = {"sections": sections, "changed": changed}
    await audit.record(tenant, Act("operator", "start", SETTINGS, target, details))


def _acts(state: TaskState, event: Event) -> Iterator[Act]:
    data = event.data
    if isinstance(data, ev.ApprovalDecided) and data.decision in _WORDS:
        approval = state.approvals.get(data.approval_id)
        tools = [] if approval is None else [call.tool for call in approval.calls]
        yield Act(data.by, "task", _WORDS[data.decision], data.approval_id, {"task_id": state.id, "tools": [*tools]})
    elif isinstance(data, ev.ToolReconciled) and not data.by.startswith("tool:"):
        details: dict[str, Any] = {"tool": data.tool, "call_id": data.call_id, "verdict": data.verdict}
        yield Act(data.by, "task", "doubt.settled", state.id, details)
