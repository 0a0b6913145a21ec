"""Keys of the REST API: made, listed, rotated, revoked, and checked on every request.

A key is 32 random bytes, so its SHA-256 is stored: a slow password hash protects what can be guessed, and this cannot.
Every request looks its key up, so what is revoked anywhere opens nothing from then on, in any process.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from api.principals import API, EVERYTHING, OPERATOR, SCOPES, Principal, Role
from api.problems import Fault
from api.tables import api_keys
from journal.audit import Act, record
from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.errors import Conflict, InvalidInput, NotFound, StorageError
from journal.ids import new_id
from journal.values import Value

ROTATION_GRACE = timedelta(hours=24)
"""How long the old key goes on working after a rotation, unless said otherwise."""

_USED_EVERY = timedelta(minutes=1)
_SHOWN_CHARS = 8
_BEGINS = "jm_"
_KEY_CHARS = 100
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_TIMES = ("created_at", "last_used_at", "expires_at", "revoked_at")


class Key(Value):
    """A key as it may be shown. ``prefix`` is how it begins; ``user`` is the person it acts for."""

    id: str
    tenant: str
    name: str
    user: str
    roles: tuple[str, ...] = (Role.ADMIN,)
    prefix: str
    scopes: tuple[str, ...] = (EVERYTHING,)
    requests_per_minute: int | None = None
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class NewKey(Key):
    """A key just made; ``key`` is shown this once and cannot be found out again."""

    key: str


class KeyStore:
    """All keys of one database, and the token of this run, which opens the tenant ``default``.

    Each method that changes something writes the audit log in the same transaction; ``by`` is who did it.
    """

    def __init__(self, database: Database, *, run_token: str | None = None) -> None:
        self._database = database
        self._run_hash = _hash(run_token) if run_token else None

    async def create(
        self,
        name: str,
        tenant: str = "default",
        scopes: Collection[str] = (),
        *,
        user: str | None = None,
        roles: Sequence[str] = (Role.ADMIN,),
        life: timedelta | None = None,
        requests_per_minute: int | None = None,
        by: Principal = OPERATOR,
    ) -> NewKey:
        """Make a key that has ``roles`` in ``tenant`` and acts for ``user`` (absent: for its own name), for ``life`` or until
        it is revoked. Raises ``InvalidInput`` for what is no name, role or scope."""
        now = datetime.now(UTC)
        label = _named("key's name", name)
        made = NewKey(
            id=new_id("key"),
            tenant=_tenant(tenant),
            name=label,
            user=label if user is None else _named("user's name", user),
            roles=_roles(roles),
            scopes=_scopes(scopes, roles),
            requests_per_minute=requests_per_minute,
            created_at=now,
            expires_at=now + life if life is not None else None,
            **_secret(),
        )
        await self._database.write(lambda connection: _insert(connection, made, _act(by, "key.created", made)))
        return made

    async def list(self, tenant: str = "default") -> list[Key]:
        """The tenant's keys, oldest first, the revoked ones among them."""
        query = sa.select(api_keys).where(api_keys.c.tenant == tenant).order_by(api_keys.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str, tenant: str = "default", *, by: Principal = OPERATOR) -> Key:
        """Take a key out of use for good; again is harmless. Raises ``NotFound``."""

        def write(connection: sa.Connection) -> Key:
            key = _find(connection, key_id, tenant)
            if key.revoked_at is None:
                key = key.model_copy(update={"revoked_at": datetime.now(UTC)})
                _update(connection, key, "revoked_at")
                record(connection, tenant, _act(by, "key.revoked", key))
            return key

        return await self._database.write(write)

    async def rotate(
        self, key_id: str, tenant: str = "default", *, grace: timedelta = ROTATION_GRACE, by: Principal = OPERATOR
    ) -> NewKey:
        """A new key in place of one that goes on working for ``grace``; an expiring one is followed by one that lives as long.
        Raises ``NotFound``, or ``Conflict`` for a key that opens nothing any more."""
        now = datetime.now(UTC)

        def write(connection: sa.Connection) -> NewKey:
            old = _find(connection, key_id, tenant)
            if not old.is_open(now):
                raise Conflict(f"{key_id} was revoked or has expired.", hint="Make a new key: `journeyman keys create`.")
            life = None if old.expires_at is None else old.expires_at - old.created_at
            fresh = {"id": new_id("key"), "created_at": now, "expires_at": now + life if life else None, "last_used_at": None}
            made = NewKey(**{**old.model_dump(), **fresh, **_secret()})
            ending = old.model_copy(update={"expires_at": min(now + grace, old.expires_at or now + grace)})
            _update(connection, ending, "expires_at")
            _insert(connection, made, _act(by, "key.rotated", made, replaces=old.id))
            return made

        return await self._database.write(write)

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
            detail = "This key is unknown, was revoked or has expired."
            raise _not_authenticated(detail, 'Bearer realm="journeyman", error="invalid_token"')
        return found

    async def is_open(self, authorization: str | None) -> bool:
        """Whether the key in this header still opens anything. What cannot be asked now is taken for open."""
        try:
            await self.principal(authorization)
        except Fault:
            return False
        except StorageError:
            return True
        return True

    async def authenticate(self, key: str) -> Principal | None:
        """Whose key this is; ``None`` if it is unknown, revoked or expired."""
        hashed = _hash(key)
        if self._run_hash is not None and hmac.compare_digest(hashed, self._run_hash):
            return OPERATOR
        if not key.startswith(_BEGINS) or len(key) > _KEY_CHARS:
            return None
        query = sa.select(api_keys).where(api_keys.c.hash == hashed, api_keys.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().one_or_none())
        if row is None or not hmac.compare_digest(row["hash"], hashed) or not _opens(row):
            return None
        found = _key(row)
        if not found.is_open(datetime.now(UTC)):
            return None
        await self._note_use(found)
        return Principal(found.tenant, found.id, found.user, found.scopes, found.roles, found.requests_per_minute)

    async def _note_use(self, key: Key) -> None:
        now = datetime.now(UTC)
        if key.last_used_at is not None and now - key.last_used_at < _USED_EVERY:
            return
        update = sa.update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=to_micros(now))
        try:
            await self._database.write(lambda connection: connection.execute(update))
        except StorageError:
            return  # A full disk must not lock people out of reading.


def _opens(row: sa.RowMapping) -> bool:
    """A key with neither roles nor the scope of the whole API was made by another version, for less."""
    return bool(row["roles"]) or bool({EVERYTHING, API} & set(row["scopes"]))


def _insert(connection: sa.Connection, key: NewKey, act: Act) -> None:
    row = key.model_dump(exclude={"key", "user"}) | {"hash": _hash(key.key), "user_name": key.user}
    row |= {name: to_micros(at) for name in _TIMES if (at := getattr(key, name)) is not None}
    connection.execute(sa.insert(api_keys).values(row))
    record(connection, key.tenant, act)


def _find(connection: sa.Connection, key_id: str, tenant: str) -> Key:
    mine = (api_keys.c.id == key_id) & (api_keys.c.tenant == tenant)
    row = connection.execute(sa.select(api_keys).where(mine).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no key {key_id}.", hint="GET /v1/keys and `journeyman keys list` show them.")
    return _key(row)


def _update(connection: sa.Connection, key: Key, time: str) -> None:
    connection.execute(sa.update(api_keys).where(api_keys.c.id == key.id).values({time: to_micros(getattr(key, time))}))


def _key(row: sa.RowMapping) -> Key:
    times = {name: row[name] and from_micros(row[name]) for name in _TIMES}
    plain = {name: row[name] for name in ("id", "tenant", "name", "prefix", "scopes", "requests_per_minute")}
    return Key(**plain, **times, user=row["user_name"] or row["name"], roles=row["roles"] or (Role.ADMIN,))


def _act(by: Principal, act: str, key: Key, **more: Any) -> Act:
    told = {"name": key.name, "user": key.user, "roles": list(key.roles), "scopes": list(key.scopes)}
    if key.expires_at is not None:
        told["expires_at"] = key.expires_at.isoformat()
    return Act(by.name, by.key_id, act, key.id, told | more)


def _secret() -> dict[str, str]:
    secret = _BEGINS + secrets.token_urlsafe(32)
    return {"key": secret, "prefix": secret[:_SHOWN_CHARS]}


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _named(what: str, name: str) -> str:
    found = name.strip()
    if not 1 <= len(found) <= 200 or not found.isprintable():
        raise InvalidInput(f"A {what} has 1 to 200 printable characters.", hint="Name it after who or what will use it.")
    return found


def _tenant(name: str) -> str:
    if not _TENANT.fullmatch(name):
        raise InvalidInput(f"`{name[:100]}` cannot name a tenant.", hint="Use letters, digits, `.`, `_` and `-`, at most 64.")
    return name


def _roles(roles: Sequence[str]) -> tuple[str, ...]:
    known = ", ".join(Role)
    if strange := sorted(set(roles) - set(Role)):
        raise InvalidInput(f"There is no role {strange[0]!r}.", hint=f"Roles: {known}.")
    if not roles:
        raise InvalidInput("A key needs a role.", hint=f"Roles: {known}.")
    return tuple(role for role in Role if role in roles)


def _scopes(scopes: Collection[str], roles: Sequence[str]) -> tuple[str, ...]:
    if strange := sorted(set(scopes) - set(SCOPES)):
        raise InvalidInput(f"There is no scope {strange[0]!r}.", hint=f"Scopes: {', '.join(SCOPES)}.")
    if Role.ADMIN in roles:
        return (EVERYTHING,) if EVERYTHING in scopes else tuple(sorted({API, *scopes}))
    if beyond := sorted({EVERYTHING, API} & set(scopes)):
        raise InvalidInput(f"The scope {beyond[0]!r} is for admins.", hint="Leave it out, or give the role admin.")
    return tuple(sorted(scopes))


def _not_authenticated(detail: str, challenge: str) -> Fault:
    hint = "Send the header Authorization: Bearer KEY; `journeyman keys create` makes one."
    return Fault(401, detail, hint=hint, headers={"www-authenticate": challenge})
