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
    """The Approval document, decided or not. Raises ``NotFound`` with the ids that come close."""
    try:
        return await client.approval(approval_id)
    except NotFound as error:
        ids = [approval["id"] for approval in (await client.approvals())["approvals"]]
        raise _unknown("approval", approval_id, ids, "`journeyman approvals list` shows what waits.") from error


def pick(kind: str, name: str, among: dict[str, Document]) -> Document:
    """``among[name]``. Raises ``NotFound`` with the names that come close."""
    if name not in among:
        raise _unknown(kind, name, among, f"`journeyman {kind}s list` shows them.")
    return among[name]


def _unknown(kind: str, name: str, known: Iterable[str], where: str) -> NotFound:
    close = difflib.get_close_matches(name, list(known), 3, 0.6)
    hint = f"Did you mean {' or '.join(close)}?" if close else where
    return NotFound(f"There is no {kind} {name!r}.", hint=hint)
