"""Sending: signed by the Standard Webhooks convention, tried again for days, never redirected."""

import base64
import binascii
import hashlib
import hmac
import random
import secrets
import time
from datetime import UTC, datetime, timedelta

from agents.sealing import Seal
from agents.webhooks.records import Attempt
from agents.webhooks.settings import WebhookSettings
from agents.webhooks.store import Claimed, Result
from journal.crash_points import reach
from journal.errors import ConfigurationError, InvalidInput
from tools.addresses import AllowList
from tools.errors import ToolError
from tools.http_post import GuardedPost, Posted

_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
_LONGEST_WAIT = timedelta(days=1)
_GONE = 410


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(secret: str) -> None:
    """Raises ``InvalidInput`` unless it is ``whsec_`` and 24 to 64 bytes in base 64."""
    try:
        length = len(_key(secret)) if secret.startswith(_PREFIX) else 0
    except binascii.Error:
        length = 0
    if length not in _SECRET_BYTES:
        raise InvalidInput(
            "The webhook's `secret` is not one: it is `whsec_` and 24 to 64 random bytes in base 64.",
            hint="Leave it out, and one is made.",
        )


def secret_place(tenant: str, webhook_id: str) -> tuple[str, str]:
    """Where the secrets of a webhook open."""
    return tenant, webhook_id


def sign(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """A signature of version 1."""
    signed = hmac.digest(_key(secret), f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)


class Sender:
    """Makes one attempt at a time of a delivery."""

    def __init__(self, settings: WebhookSettings, seal: Seal) -> None:
        """Raises ``ConfigurationError`` for an entry of ``allow`` that cannot be read."""
        setting = "webhooks.allow"
        self._settings = settings
        self._seal = seal
        self._http = GuardedPost(
            AllowList(settings.allow, setting=setting), timeout_seconds=settings.timeout_seconds, setting=setting
        )

    async def attempt(self, claimed: Claimed) -> Result:
        """Send it once. Any status from 200 to 299 is a yes. Where a secret does not open, nothing is sent."""
        started, at = time.monotonic(), datetime.now(UTC)
        try:
            posted = await self._post(claimed, round(at.timestamp()))
        except (ToolError, ConfigurationError) as error:
            attempt = Attempt(at=at, error=str(error), seconds=round(time.monotonic() - started, 3))
            return Result(attempt, delivered=False, again_at=self._again_at(claimed, at, None))
        taken = 200 <= posted.status < 300
        why = None if taken else _told(posted.status)
        attempt = Attempt(at=at, status=posted.status, error=why, seconds=round(time.monotonic() - started, 3))
        if posted.status == _GONE:
            return Result(attempt, delivered=False, gone=why)
        return Result(attempt, taken, None if taken else self._again_at(claimed, at, posted.retry_after))

    async def _post(self, claimed: Claimed, timestamp: int) -> Posted:
        delivery = claimed.delivery
        place = secret_place(claimed.tenant, delivery.webhook_id)
        secrets = [self._seal.open(place, sealed) for sealed in claimed.secrets]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(sign(s, delivery.id, timestamp, delivery.body) for s in secrets),
        }
        reach("webhook.sending", delivery.event)
        posted = await self._http.post(claimed.url, delivery.body.encode(), headers)
        reach("webhook.answered", delivery.event)
        return posted

    def _again_at(self, claimed: Claimed, at: datetime, asked: float | None) -> datetime | None:
        """When to try again; ``None`` once it has been tried often enough."""
        waits = self._settings.retry_seconds
        if claimed.tries > len(waits):
            return None
        wait = timedelta(seconds=max(waits[claimed.tries - 1] * random.uniform(1.0, 1.1), asked or 0.0))  # noqa: S311
        return at + min(wait, _LONGEST_WAIT)


def _told(status: int) -> str:
    if status == _GONE:
        return "The receiver answered 410 Gone: it wants no more."
    if 300 <= status < 400:
        return f"The receiver answered {status}, a redirect, which is not followed."
    return f"The receiver answered {status}."
