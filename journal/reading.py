"""The journal's queries: functions of a connection, run in reader threads."""

from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from journal.codec import CODEC, StoredEvent
from journal.commit import read_mail
from journal.errors import InvalidInput, NotFound
from journal.events import Event
from journal.records import InboxItem, TaskFilter, TaskRecord, Totals
from journal.rows import USAGE, to_record
from journal.schema import blobs, events, task_documents, tasks
from journal.values import Status, Usage

_EVENT = select(
    events.c.seq,
    events.c.kind,
    events.c.schema_version,
    events.c.at,
    events.c.epoch,
    events.c.intent_key,
    events.c.data,
    events.c.digest,
    events.c.forgotten_at,
    blobs.c.data.label("packed"),
).outerjoin_from(
    events, blobs, and_(blobs.c.tenant == events.c.tenant, blobs.c.digest == events.c.digest, events.c.forgotten_at.is_(None))
)

_RECORD = select(tasks, task_documents.c.request, task_documents.c.result).join_from(tasks, task_documents)


def task_number(connection: Connection, tenant: str, task_id: str) -> int:
    """The task's inner number. Raises ``NotFound``, also for another tenant's task."""
    number: int | None = connection.scalar(select(tasks.c.id).where(tasks.c.public_id == task_id, tasks.c.tenant == tenant))
    if number is None:
        raise NotFound(f"There is no task {task_id}.")
    return number


def read_events(
    connection: Connection, tenant: str, task_id: str, after: int, limit: int | None, until: int | None
) -> list[Event]:
    """See ``Journal.read``."""
    number = task_number(connection, tenant, task_id)
    query = _EVENT.where(events.c.task == number, events.c.seq > after).order_by(events.c.seq).limit(limit)
    if until is not None:
        query = query.where(events.c.seq <= until)
    decode = CODEC.decode
    return [decode(StoredEvent._make(row[:9]), row[9]) for row in connection.execute(query)]


def read_record(connection: Connection, tenant: str, task_id: str) -> TaskRecord:
    """See ``Journal.record``."""
    row = connection.execute(_RECORD.where(tasks.c.public_id == task_id, tasks.c.tenant == tenant)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    return to_record(row)


def read_records(connection: Connection, tenant: str, which: TaskFilter) -> list[TaskRecord]:
    """See ``Journal.records``."""
    query = listing(tenant, which)
    if which.before is not None:
        query = query.where(tasks.c.id < _cursor(connection, tenant, which.before))
    return [to_record(row) for row in connection.execute(query).mappings()]


def listing(tenant: str, which: TaskFilter) -> Select[Any]:
    """The rows of the tasks that ``which`` asks for, newest first, its cursor apart."""
    query = _RECORD.where(tasks.c.tenant == tenant).order_by(tasks.c.id.desc()).limit(which.limit)
    wanted = {"status": which.status and which.status.value, "thread_id": which.thread_id, "agent": which.agent}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(tasks.c[column] == value)
    return query


def read_totals(connection: Connection, tenant: str) -> Totals:
    """See ``Journal.totals``."""
    sums = [func.coalesce(func.sum(tasks.c[name]), 0).label(name) for name in USAGE]
    counts = select(tasks.c.status, func.count()).where(tasks.c.tenant == tenant).group_by(tasks.c.status)
    spent = connection.execute(select(*sums).where(tasks.c.tenant == tenant)).mappings().one()
    found = {Status(status): count for status, count in connection.execute(counts)}
    return Totals(tasks={status: found.get(status, 0) for status in Status}, usage=Usage(**spent))


def _cursor(connection: Connection, tenant: str, before: str) -> int:
    try:
        return task_number(connection, tenant, before)
    except NotFound:
        raise InvalidInput(f"`{before}` is not a cursor.", hint="Give the id of the last task of the page before.") from None


def read_tenant(connection: Connection, task_id: str) -> str:
    """See ``Journal.tenant_of``."""
    tenant: str | None = connection.scalar(select(tasks.c.tenant).where(tasks.c.public_id == task_id))
    if tenant is None:
        raise NotFound(f"There is no task {task_id}.")
    return tenant


def read_last_seq(connection: Connection, tenant: str, task_id: str) -> int:
    """See ``Journal.last_seq``."""
    seq: int | None = connection.scalar(select(tasks.c.last_seq).where(tasks.c.public_id == task_id, tasks.c.tenant == tenant))
    if seq is None:
        raise NotFound(f"There is no task {task_id}.")
    return seq


def read_inbox(connection: Connection, task_id: str) -> tuple[InboxItem, ...]:
    """See ``Journal.inbox``."""
    number = connection.scalar(select(tasks.c.id).where(tasks.c.public_id == task_id))
    return () if number is None else tuple(read_mail(connection, [number]).get(number, ()))
