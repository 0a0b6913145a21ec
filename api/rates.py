"""How often a key may ask: a token bucket for each key in the database, drawn from in blocks by each process.

A block is a twentieth of a minute's requests, so the bucket costs one small write for many requests. All processes
together never let more through than the limit; what a process has drawn and not used is lost to the others.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from api.principals import Principal
from api.problems import Fault
from api.tables import api_rates
from journal.database import Database
from journal.schema import database_now

_BLOCKS_PER_MINUTE = 20
_REMEMBERED = 4096


@dataclass(slots=True)
class _Drawn:
    """What this process holds of one key's bucket, and until when there is nothing to draw."""

    tokens: int = 0
    empty_until: float = 0.0
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """Counts the requests of each key. ``per_minute`` is for keys without a limit of their own; 0 means no limit.

    A key that was quiet may send a minute's worth at once.
    """

    def __init__(self, database: Database, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._per_minute = per_minute
        self._clock = clock
        self._drawn: OrderedDict[str, _Drawn] = OrderedDict()

    async def admit(self, principal: Principal) -> None:
        """Count one request. Raises ``Fault`` (429) with ``Retry-After`` where the key asks too often."""
        own = principal.requests_per_minute
        limit = self._per_minute if own is None else own
        if not limit or principal.is_operator:
            return
        drawn = self._of(principal.key_id)
        if drawn.tokens == 0:
            async with drawn.drawing:
                if drawn.tokens == 0 and drawn.empty_until <= self._clock():
                    drawn.tokens, wait = await self._database.write(lambda c: _draw(c, principal.key_id, limit))
                    drawn.empty_until = self._clock() + wait
        if drawn.tokens == 0:
            raise _too_often(limit, drawn.empty_until - self._clock())
        drawn.tokens -= 1

    def _of(self, key_id: str) -> _Drawn:
        drawn = self._drawn.setdefault(key_id, _Drawn())
        self._drawn.move_to_end(key_id)
        if len(self._drawn) > _REMEMBERED:
            self._drawn.popitem(last=False)
        return drawn


def _draw(connection: sa.Connection, key_id: str, limit: int) -> tuple[int, float]:
    """Take a block out of the key's bucket: how many requests, and where that is none the seconds until there is one."""
    connection.execute(_ignoring(connection), {"key_id": key_id, "tokens": float(limit), "at": 0})
    mine = api_rates.c.key_id == key_id
    row = connection.execute(sa.select(api_rates).where(mine).with_for_update()).mappings().one()
    now = int(connection.scalar(sa.select(database_now())) or 0)
    per_second = limit / 60
    tokens = min(float(limit), row["tokens"] + max(0, now - row["at"]) / 1_000_000 * per_second)
    taken = min(math.ceil(limit / _BLOCKS_PER_MINUTE), math.floor(tokens))
    connection.execute(sa.update(api_rates).where(mine).values(tokens=tokens - taken, at=now))
    return taken, 0.0 if taken else (1 - tokens) / per_second


def _too_often(limit: int, seconds: float) -> Fault:
    wait = max(1, math.ceil(seconds))
    return Fault(
        429,
        f"This key may send {limit:,} requests a minute, and has sent them.",
        hint=f"Wait {wait} s; the limit is the key's own, or requests_per_minute in the [api] settings.",
        headers={"retry-after": str(wait)},
    )


def _ignoring(connection: sa.Connection) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    return upsert(api_rates).on_conflict_do_nothing()
