"""Webhooks: who is told of what, and the chore that tells them."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue

from agents.requests import WebhookChange, WebhookRequest
from agents.sealing import Seal
from agents.webhooks.records import Delivery, NewWebhook, Webhook
from agents.webhooks.sending import Sender, check_secret, new_secret, secret_place
from agents.webhooks.settings import WebhookSettings
from agents.webhooks.store import PER_ROUND, Claimed, WebhookStore, add_webhook
from journal.audit import Act
from journal.codec import to_micros
from journal.database import Database
from journal.errors import InvalidInput, StorageError
from journal.ids import new_id
from tools.errors import InvalidArguments, Refused
from tools.http_guard import checked_url

AT_ONCE = 32
"""So many deliveries are under way at once in one process."""

_PATIENCE = 3.0
"""A delivery whose attempt has not ended after so many timeouts is taken for lost: its process died."""

Also = Callable[[Any, str], None]
"""``(connection, task id)``: writes rows in the transaction that writes a new task."""

logger = logging.getLogger(__name__)


class Webhooks:
    """``actor`` and ``via`` are who asks and by which key, for the audit log."""

    def __init__(self, database: Database, settings: WebhookSettings, seal: Seal) -> None:
        """Raises ``ConfigurationError`` for an entry of ``settings.allow`` that cannot be read."""
        self._store = WebhookStore(database)
        self._settings = settings
        self._seal = seal
        self._sender = Sender(settings, seal)
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def create(self, tenant: str, request: WebhookRequest, *, actor: str, via: str) -> NewWebhook:
        """A webhook for all tasks of the tenant. Raises ``InvalidInput``."""
        webhook, secret = prepared(request)
        details: dict[str, JsonValue] = {"url": _host(webhook.url), "events": list(webhook.events)}
        sealed = await self._seal.seal(secret_place(tenant, webhook.id), secret)
        await self._store.add(tenant, webhook, sealed, Act(actor, via, "webhook.created", webhook.id, details))
        return NewWebhook(**dict(webhook), secret=secret)

    async def joining(self, tenant: str, request: WebhookRequest | None, also: Also | None) -> Also | None:
        """What is written with a task that brings a webhook, beside what ``also`` writes. Raises ``InvalidInput``."""
        if request is None:
            return also
        webhook, secret = prepared(request)
        sealed = await self._seal.seal(secret_place(tenant, webhook.id), secret)

        def write(connection: Any, task_id: str) -> None:
            if also is not None:
                also(connection, task_id)
            add_webhook(connection, tenant, webhook.model_copy(update={"task_id": task_id}), sealed)

        return write

    async def all(self, tenant: str, *, task_id: str | None = None) -> list[Webhook]:
        """The tenant's webhooks, or those that came with one task; oldest first."""
        return await self._store.all(tenant, task_id)

    async def get(self, tenant: str, webhook_id: str) -> Webhook:
        """Raises ``NotFound``."""
        return await self._store.get(tenant, webhook_id)

    async def change(self, tenant: str, webhook_id: str, change: WebhookChange, *, actor: str, via: str) -> Webhook:
        """Another address, other events, or on and off. What waits goes to the new address. Raises ``NotFound``,
        ``InvalidInput``."""
        values: dict[str, object] = {}
        if change.url is not None:
            values["url"] = checked_address(change.url)
        if change.events is not None:
            values["events"] = list(change.events)
        if change.enabled is not None:
            values["disabled_at"] = None if change.enabled else to_micros(datetime.now(UTC))
            values["disabled_why"] = None if change.enabled else f"{actor} switched it off."
        act = Act(actor, via, "webhook.changed", webhook_id, {"fields": [*sorted(change.model_fields_set)]})
        return await self._store.change(tenant, webhook_id, values, act)

    async def rotate(self, tenant: str, webhook_id: str, *, actor: str, via: str) -> NewWebhook:
        """A new secret; for a while each message is signed with the one before it as well. Raises ``NotFound``."""
        secret = new_secret()
        until = datetime.now(UTC) + timedelta(hours=self._settings.rotation_hours)
        act = Act(actor, via, "webhook.rotated", webhook_id)
        sealed = await self._seal.seal(secret_place(tenant, webhook_id), secret)
        return NewWebhook(**dict(await self._store.rotate(tenant, webhook_id, sealed, until, act)), secret=secret)

    async def remove(self, tenant: str, webhook_id: str, *, actor: str, via: str) -> None:
        """Forget it, and what waits for it. Raises ``NotFound``."""
        await self._store.remove(tenant, webhook_id, Act(actor, via, "webhook.removed", webhook_id))

    async def deliveries(self, tenant: str, webhook_id: str, *, before: str | None = None, limit: int = 50) -> list[Delivery]:
        """What was sent or waits, newest first. Raises ``NotFound``."""
        return await self._store.deliveries(tenant, webhook_id, before=before, limit=limit)

    async def replay(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Send it again, under the same id. Raises ``NotFound``."""
        return await self._store.replay(tenant, webhook_id, delivery_id)

    async def deliver_due(self) -> int:
        """Start to send what is due; how much. It goes on in the background, each message to its own end. Any number of
        processes may do this at once: a message is with one of them at a time."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return 0
        busy = [webhook for webhook, n in Counter(self._under_way.values()).items() if n >= PER_ROUND]
        claimed = await self._store.claim(room, self._settings.timeout_seconds * _PATIENCE, busy)
        for one in claimed:
            task = asyncio.create_task(self._deliver(one))
            self._under_way[task] = one.delivery.webhook_id
            task.add_done_callback(self._under_way.pop)
        return len(claimed)

    async def settled(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def purge(self) -> int:
        """Drop what ended long ago; how many deliveries."""
        return await self._store.purge(datetime.now(UTC) - timedelta(days=self._settings.keep_days))

    async def aclose(self) -> None:
        """Break off what is under way; it is sent again later, by whoever finds it."""
        for task in list(self._under_way):
            task.cancel()
        await self.settled()

    async def _deliver(self, claimed: Claimed) -> None:
        told = {"delivery": claimed.delivery.id, "webhook": claimed.delivery.webhook_id}
        try:
            result = await self._sender.attempt(claimed)
            await self._store.finish(claimed, result)
        except StorageError as error:
            logger.warning("an attempt to deliver could not be noted; it is made again: %s", error, extra=told)
        except Exception:
            logger.exception("a delivery failed by a fault of the program; it is tried again", extra=told)
        else:
            if result.gone or not (result.delivered or result.again_at):
                logger.warning("a webhook was not delivered: %s", result.attempt.error, extra=told)


def prepared(request: WebhookRequest) -> tuple[Webhook, str]:
    """A webhook as asked for, and its secret: the given one or a new one. Raises ``InvalidInput``."""
    secret = new_secret() if request.secret is None else request.secret.get_secret_value()
    check_secret(secret)
    webhook = Webhook(
        id=new_id("wh"),
        url=checked_address(request.url),
        events=tuple(dict.fromkeys(request.events)),
        created_at=datetime.now(UTC),
    )
    return webhook, secret


def checked_address(url: str) -> str:
    """Raises ``InvalidInput`` for one that cannot be called. Whether its host may be is found out when it is called."""
    try:
        return str(checked_url(url))
    except (InvalidArguments, Refused) as error:
        raise InvalidInput(f"The webhook cannot be called: {error}", hint="Give a whole http(s) URL.") from None


def _host(url: str) -> str:
    """What the audit log may know of an address: its path may be a secret."""
    checked = checked_url(url)
    return f"{checked.scheme}://{checked.netloc.decode('ascii')}"
