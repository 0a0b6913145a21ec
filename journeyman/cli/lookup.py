"""Finding what a person named: the thing itself, or one sentence with the names that come close."""

import difflib
from collections.abc import Iterable

from journal.errors import NotFound
from journeyman.client import Client, Document

_LOOK_THROUGH = 200


async def task_named(client: Client, task_id: str, *, as_of: int | None = None) -> Document:
    """The Task document. Raises ``NotFound`` with the ids that come close."""
    try:
        return await client.task(task_id, as_of=as_of)
    except NotFound as error:
        page = await client.tasks(limit=_LOOK_THROUGH)
        ids = [task["id"] for task in page["tasks"]]
        if task_id in ids:
            raise
        raise _unknown("task", task_id, ids, "`journeyman tasks list` shows them.") from error


async def approval_named(client: Client, approval_id: str) -> Document:
    """The Approval document, whatever its status. Raises ``NotFound`` with the ids that come close."""
    page = await client.approvals(status="all")
    found: dict[str, Document] = {approval["id"]: approval for approval in page["approvals"]}
    if approval_id not in found:
        raise _unknown("approval", approval_id, found, "`journeyman approvals list` shows them.")
    return found[approval_id]


def pick(kind: str, name: str, among: dict[str, Document]) -> Document:
    """``among[name]``. Raises ``NotFound`` with the names that come close."""
    if name not in among:
        raise _unknown(kind, name, among, f"`journeyman {kind}s list` shows them.")
    return among[name]


def _unknown(kind: str, name: str, known: Iterable[str], where: str) -> NotFound:
    close = difflib.get_close_matches(name, list(known), 3, 0.6)
    hint = f"Did you mean {' or '.join(close)}?" if close else where
    return NotFound(f"There is no {kind} {name!r}.", hint=hint)
