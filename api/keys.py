"""Keys of the REST API: made, listed, revoked, and checked on every request.

A key is 32 random bytes, so its SHA-256 is stored: a slow password hash protects what can be guessed, and this cannot.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from api.problems import Fault
from api.tables import api_keys
from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.errors import InvalidInput, NotFound, StorageError
from journal.ids import new_id
from journal.values import Value

CACHE_SECONDS = 3.0
"""How long a check is trusted: a revoked key works for at most this long, in any process."""

_USED_EVERY = timedelta(minutes=1)
_CACHED_KEYS = 4096
_SHOWN_CHARS = 8
EVERYTHING = "*"
"""Every scope there is and will be: what the token of a run and the first key have."""

API = "api"
"""All of the API but what has a scope of its own. A key without it was made by a newer version, for less: it opens nothing."""

MCP_SERVERS = "mcp_servers"
"""Bringing MCP servers with a task."""

SCOPES = (EVERYTHING, API, MCP_SERVERS)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the tenant whose things they may see, and the key they came with."""

    tenant: str
    key_id: str
    name: str
    scopes: tuple[str, ...] = (API,)

    def may(self, scope: str) -> bool:
        return EVERYTHING in self.scopes or scope in self.scopes


class Key(Value):
    """A key as it may be shown. ``prefix`` is how it begins."""

    id: str
    tenant: str
    name: str
    prefix: str
    scopes: tuple[str, ...] = (EVERYTHING,)
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewKey(Key):
    """A key just made; ``key`` is shown this once and cannot be found out again."""

    key: str


class KeyStore:
    """All keys of one database, and the token of this run, which opens the tenant ``default``."""

    def __init__(
        self, database: Database, *, run_token: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._run_hash = _hash(run_token) if run_token else None
        self._clock = clock
        self._checked: dict[str, tuple[float, Principal | None]] = {}

    async def create(self, name: str, tenant: str = "default", scopes: Collection[str] = ()) -> NewKey:
        """Make a key for the API, and for what ``scopes`` add. Raises ``InvalidInput`` for an empty or long name, and for a
        scope that there is not."""
        if strange := sorted(set(scopes) - set(SCOPES)):
            raise InvalidInput(f"There is no scope {strange[0]!r}.", hint=f"Scopes: {', '.join(SCOPES)}.")
        if not 1 <= len(name.strip()) <= 200:
            raise InvalidInput("A key's name has 1 to 200 characters.", hint="Name it after who or what will use it.")
        secret = "jm_" + secrets.token_urlsafe(32)
        made = NewKey(
            id=new_id("key"),
            tenant=tenant,
            name=name.strip(),
            scopes=(EVERYTHING,) if EVERYTHING in scopes else tuple(sorted({API, *scopes})),
            prefix=secret[:_SHOWN_CHARS],
            created_at=datetime.now(UTC),
            key=secret,
        )
        row = made.model_dump(exclude={"key"}) | {"hash": _hash(secret), "created_at": to_micros(made.created_at)}
        await self._database.write(lambda connection: connection.execute(sa.insert(api_keys).values(row)))
        return made

    async def list(self, tenant: str = "default") -> list[Key]:
        """The tenant's keys, oldest first, the revoked ones among them."""
        query = sa.select(api_keys).where(api_keys.c.tenant == tenant).order_by(api_keys.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str, tenant: str = "default") -> Key:
        """Take a key out of use for good; again is harmless. Raises ``NotFound``."""
        mine = (api_keys.c.id == key_id) & (api_keys.c.tenant == tenant)
        update = (
            sa.update(api_keys).where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=to_micros(datetime.now(UTC)))
        )

        def write(connection: sa.Connection) -> sa.RowMapping | None:
            connection.execute(update)
            return connection.execute(sa.select(api_keys).where(mine)).mappings().one_or_none()

        row = await self._database.write(write)
        if row is None:
            raise NotFound(f"There is no key {key_id}.", hint="GET /v1/keys and `journeyman keys list` show them.")
        self._checked.pop(row["hash"], None)
        return _key(row)

    async def first_key(self) -> NewKey | None:
        """A first key for the tenant ``default``, if it never had one; else ``None``."""
        return None if await self.list() else await self.create("first", scopes=(EVERYTHING,))

    async def principal(self, authorization: str | None) -> Principal:
        """Who sent this ``Authorization`` header. Raises ``Fault`` (401)."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _not_authenticated("This needs a key.", 'Bearer realm="journeyman"')
        found = await self.authenticate(key.strip())
        if found is None:
            raise _not_authenticated("This key is unknown or was revoked.", 'Bearer realm="journeyman", error="invalid_token"')
        return found

    async def authenticate(self, key: str) -> Principal | None:
        """Whose key this is; ``None`` if it is unknown or revoked. Costs a query only every few seconds."""
        hashed = _hash(key)
        if self._run_hash is not None and hmac.compare_digest(hashed, self._run_hash):
            return Principal("default", "run", "command line", (EVERYTHING,))
        until, principal = self._checked.get(hashed, (0.0, None))
        if until <= self._clock():
            principal = await self._look_up(hashed)
            if len(self._checked) >= _CACHED_KEYS:
                self._checked.clear()
            self._checked[hashed] = (self._clock() + CACHE_SECONDS, principal)
        return principal

    async def _look_up(self, hashed: str) -> Principal | None:
        query = sa.select(api_keys).where(api_keys.c.hash == hashed, api_keys.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().one_or_none())
        if row is None or not hmac.compare_digest(row["hash"], hashed) or not {EVERYTHING, API} & set(row["scopes"]):
            return None
        key = _key(row)
        await self._note_use(key)
        return Principal(key.tenant, key.id, key.name, key.scopes)

    async def _note_use(self, key: Key) -> None:
        now = datetime.now(UTC)
        if key.last_used_at is not None and now - key.last_used_at < _USED_EVERY:
            return
        update = sa.update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=to_micros(now))
        try:
            await self._database.write(lambda connection: connection.execute(update))
        except StorageError:
            return  # A full disk must not lock people out of reading.


def _key(row: sa.RowMapping) -> Key:
    times = {name: row[name] and from_micros(row[name]) for name in ("created_at", "last_used_at", "revoked_at")}
    return Key(**{name: row[name] for name in ("id", "tenant", "name", "prefix", "scopes")}, **times)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _not_authenticated(detail: str, challenge: str) -> Fault:
    hint = "Send the header Authorization: Bearer KEY; `journeyman keys create` makes one."
    return Fault(401, detail, hint=hint, headers={"www-authenticate": challenge})
