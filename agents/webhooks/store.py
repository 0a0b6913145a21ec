"""Webhooks and their deliveries in the database. Every query is scoped to a tenant, but those of whoever delivers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from agents.webhooks.records import Attempt, Delivery, Webhook, message, told_of
from agents.webhooks.tables import deliveries, webhooks
from journal.audit import Act
from journal.audit import record as audit
from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.errors import NotFound
from journal.events import Event
from journal.ids import new_id
from journal.records import TaskRecord
from journal.schema import database_now

PER_ROUND = 4
"""At most so many messages for one webhook are claimed at once, so that one that does not answer holds nobody up."""

_KEPT_ATTEMPTS = 30


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may send now. ``secrets`` sign it, newest first; they are sealed."""

    delivery: Delivery
    tenant: str
    url: str
    secrets: tuple[str, ...]
    tries: int
    claim: int


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt went, and what follows: ``again_at``, or the end."""

    attempt: Attempt
    delivered: bool
    again_at: datetime | None = None
    gone: str | None = None
    """Why the webhook is not to be called any more."""


def write_deliveries(connection: Connection, record: TaskRecord, event: Event) -> None:
    """Note what is to be told to whom, in the transaction that writes the event."""
    c = webhooks.c
    mine = (c.tenant == record.tenant, or_(c.task.is_(None), c.task == record.id), c.disabled_at.is_(None))
    wanted = [
        row.id for row in connection.execute(select(c.id, c.events).where(*mine)) if not row.events or event.kind in row.events
    ]
    if wanted:
        now = to_micros(event.at)
        row = {
            "tenant": record.tenant,
            "task": record.id,
            "seq": event.seq,
            "event": event.kind,
            "body": message(record, event),
            "status": "pending",
            "tries": 0,
            "claims": 0,
            "due_at": now,
            "attempts": [],
            "created_at": now,
        }
        connection.execute(insert(deliveries), [{**row, "id": new_id("msg"), "webhook": webhook} for webhook in wanted])


def outbox(record: TaskRecord, events: Sequence[Event]) -> Any:
    """An ``agents.task_log.Outbox``: what to write with these events, if anything."""
    told = told_of(record, events)
    if not told:
        return None

    def write(connection: Connection | None) -> None:
        if connection is not None:
            for event in told:
                write_deliveries(connection, record, event)

    return write


def add_webhook(connection: Connection, tenant: str, webhook: Webhook, sealed: str) -> None:
    """Write a new webhook with its sealed secret."""
    row = {
        "id": webhook.id,
        "tenant": tenant,
        "task": webhook.task_id,
        "url": webhook.url,
        "events": list(webhook.events),
        "secrets": [{"sealed": sealed, "until": None}],
        "created_at": to_micros(webhook.created_at),
    }
    connection.execute(insert(webhooks), row)


class WebhookStore:
    """All webhooks of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: str, webhook: Webhook, sealed: str, act: Act) -> None:
        def write(connection: Connection) -> None:
            add_webhook(connection, tenant, webhook, sealed)
            audit(connection, tenant, act)

        await self._database.write(write)

    async def all(self, tenant: str, task_id: str | None) -> list[Webhook]:
        """The tenant's own, or those that came with one task; oldest first."""
        c = webhooks.c
        query = select(webhooks).where(c.tenant == tenant, c.task.is_(None) if task_id is None else c.task == task_id)
        rows = await self._database.read(lambda connection: connection.execute(query.order_by(c.id)).mappings().all())
        return [_webhook(row) for row in rows]

    async def get(self, tenant: str, webhook_id: str) -> Webhook:
        """Raises ``NotFound``."""
        return await self._database.read(lambda connection: _webhook(_row(connection, tenant, webhook_id)))

    async def change(self, tenant: str, webhook_id: str, values: Mapping[str, Any], act: Act) -> Webhook:
        """Set columns. Raises ``NotFound``."""

        def write(connection: Connection) -> Webhook:
            mine = (webhooks.c.id == webhook_id, webhooks.c.tenant == tenant)
            if values:
                connection.execute(update(webhooks).where(*mine).values(dict(values)))
            changed = _webhook(_row(connection, tenant, webhook_id))
            audit(connection, tenant, act)
            return changed

        return await self._database.write(write)

    async def rotate(self, tenant: str, webhook_id: str, sealed: str, until: datetime, act: Act) -> Webhook:
        """Sign with this secret from now on, and with the one before it until ``until`` too. Raises ``NotFound``."""

        def write(connection: Connection) -> Webhook:
            row = _row(connection, tenant, webhook_id)
            before = {**row["secrets"][0], "until": to_micros(until)}
            secrets = [{"sealed": sealed, "until": None}, before]
            connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(secrets=secrets))
            audit(connection, tenant, act)
            return _webhook(row)

        return await self._database.write(write)

    async def remove(self, tenant: str, webhook_id: str, act: Act) -> None:
        """Forget a webhook and its deliveries. Raises ``NotFound``."""

        def write(connection: Connection) -> None:
            _row(connection, tenant, webhook_id)
            connection.execute(delete(deliveries).where(deliveries.c.webhook == webhook_id))
            connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
            audit(connection, tenant, act)

        await self._database.write(write)

    async def deliveries(self, tenant: str, webhook_id: str, *, before: str | None, limit: int) -> list[Delivery]:
        """Newest first, from below ``before``. Raises ``NotFound``."""
        c = deliveries.c
        query = select(deliveries).where(c.webhook == webhook_id).order_by(c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(c.id < before)

        def read(connection: Connection) -> list[Delivery]:
            _row(connection, tenant, webhook_id)
            return [_delivery(row) for row in connection.execute(query).mappings()]

        return await self._database.read(read)

    async def replay(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Make a delivery due now, whatever became of it. Raises ``NotFound``."""

        def write(connection: Connection) -> Delivery:
            _row(connection, tenant, webhook_id)
            c = deliveries.c
            one = (c.id == delivery_id, c.webhook == webhook_id)
            again = {"status": "pending", "tries": 0, "due_at": database_now(), "ended_at": None}
            connection.execute(update(deliveries).where(*one).values(again))
            row = connection.execute(select(deliveries).where(*one)).mappings().one_or_none()
            if row is None:
                raise NotFound(f"There is no delivery {delivery_id}.", hint=f"`journeyman webhooks deliveries {webhook_id}`.")
            return _delivery(row)

        return await self._database.write(write)

    async def claim(self, limit: int, lease_seconds: float, busy: Collection[str]) -> list[Claimed]:
        """Take deliveries that are due, oldest first; nobody else gets them before ``lease_seconds`` are over."""
        return await self._database.write(lambda connection: _claim(connection, limit, lease_seconds, busy))

    async def finish(self, claimed: Claimed, result: Result) -> None:
        """Note an attempt; whose claim has run out meanwhile notes nothing."""
        await self._database.write(lambda connection: _finish(connection, claimed, result))

    async def sealed_values(self) -> list[str]:
        """The secrets of all webhooks, of every tenant."""
        query = select(webhooks.c.secrets)
        return await self._database.read(lambda c: [s["sealed"] for secrets in c.scalars(query) for s in secrets])

    async def reseal(self, seal_anew: Callable[[str], str]) -> int:
        """Put ``seal_anew`` of each sealed secret in its place, all of them or none; how many there are."""

        def write(connection: Connection) -> int:
            rows = connection.execute(select(webhooks.c.id, webhooks.c.secrets).with_for_update()).all()
            for row in rows:
                secrets = [{**secret, "sealed": seal_anew(secret["sealed"])} for secret in row.secrets]
                connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(secrets=secrets))
            return sum(len(row.secrets) for row in rows)

        return await self._database.write(write)

    async def purge(self, before: datetime) -> int:
        """Drop deliveries that ended before; how many."""
        old = delete(deliveries).where(deliveries.c.ended_at < to_micros(before))
        return await self._database.write(lambda connection: connection.execute(old).rowcount)


def _claim(connection: Connection, limit: int, lease_seconds: float, busy: Collection[str]) -> list[Claimed]:
    c, now = deliveries.c, database_now()
    place = func.row_number().over(partition_by=c.webhook, order_by=(c.due_at, c.id)).label("place")
    due = (
        select(c.id, c.due_at, place)
        .join_from(deliveries, webhooks, webhooks.c.id == c.webhook)
        .where(c.due_at <= now, webhooks.c.disabled_at.is_(None), c.webhook.not_in(list(busy)))
        .subquery()
    )
    first = select(due.c.id).where(due.c.place <= PER_ROUND).order_by(due.c.due_at, due.c.id).limit(limit)
    ids = list(connection.scalars(first))
    taken = select(c.id).where(c.id.in_(ids), c.due_at <= now).with_for_update(skip_locked=True)
    mine = list(connection.scalars(taken))
    if not mine:
        return []
    values = {"due_at": now + round(lease_seconds * 1_000_000), "claims": c.claims + 1, "tries": c.tries + 1}
    connection.execute(update(deliveries).where(c.id.in_(mine)).values(values))
    query = select(deliveries, webhooks.c.url, webhooks.c.secrets, now.label("now")).join_from(
        deliveries, webhooks, webhooks.c.id == c.webhook
    )
    return [_claimed(row) for row in connection.execute(query.where(c.id.in_(mine)).order_by(c.id)).mappings()]


def _finish(connection: Connection, claimed: Claimed, result: Result) -> None:
    c = deliveries.c
    status = "delivered" if result.delivered else "failed" if result.again_at is None else "pending"
    attempts = (*claimed.delivery.attempts, result.attempt)[-_KEPT_ATTEMPTS:]
    at = to_micros(result.attempt.at)
    values = {
        "status": status,
        "attempts": [attempt.model_dump(mode="json") for attempt in attempts],
        "due_at": result.again_at and to_micros(result.again_at),
        "ended_at": None if status == "pending" else at,
    }
    own = (c.id == claimed.delivery.id, c.claims == claimed.claim)
    connection.execute(update(deliveries).where(*own).values(values))
    if result.gone is not None:
        webhook = webhooks.c.id == claimed.delivery.webhook_id
        connection.execute(update(webhooks).where(webhook).values(disabled_at=at, disabled_why=result.gone))


def _row(connection: Connection, tenant: str, webhook_id: str) -> RowMapping:
    query = select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.tenant == tenant)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.", hint="`journeyman webhooks list` shows them.")
    return row


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        id=row["id"],
        url=row["url"],
        events=tuple(row["events"]),
        task_id=row["task"],
        enabled=row["disabled_at"] is None,
        disabled_at=row["disabled_at"] and from_micros(row["disabled_at"]),
        disabled_why=row["disabled_why"],
        created_at=from_micros(row["created_at"]),
    )


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        webhook_id=row["webhook"],
        task_id=row["task"],
        seq=row["seq"],
        event=row["event"],
        status=row["status"],
        attempts=tuple(Attempt.model_validate(attempt) for attempt in row["attempts"]),
        next_attempt_at=row["due_at"] and from_micros(row["due_at"]),
        created_at=from_micros(row["created_at"]),
        body=row["body"],
    )


def _claimed(row: RowMapping) -> Claimed:
    secrets = tuple(s["sealed"] for s in row["secrets"] if s["until"] is None or s["until"] > row["now"])
    return Claimed(_delivery(row), row["tenant"], row["url"], secrets, row["tries"], row["claims"])
