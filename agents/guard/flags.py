"""What the guard has flagged, as a person comes back to it."""

from journal.errors import InvalidInput
from journal.events import GuardFlagged
from journal.store import Journal


async def passage_at(journal: Journal, tenant: str, task_id: str, seq: int) -> str:
    """The passage that a ``guard.flagged`` holds. Raises ``NotFound`` for another task, ``InvalidInput`` for another event."""
    found = await journal.read(tenant, task_id, after=seq - 1, limit=1)
    if not found or not isinstance(found[0].data, GuardFlagged) or not found[0].data.excerpt:
        raise InvalidInput(
            f"Event {seq} of {task_id} holds no passage that the guard flagged.",
            hint=f"`journeyman tasks show {task_id} --events` shows which do.",
        )
    return found[0].data.excerpt
