"""The key store over SQLite and Postgres: made once, stored hashed, checked rarely, revoked everywhere."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.keys import KeyStore
from api.principals import OPERATOR, Role
from api.problems import Fault
from api.tables import api_keys, api_rates
from journal.audit import AuditLog
from journal.database import Database
from journal.errors import Conflict, InvalidInput, NotFound
from journal.schema import audit_heads, audit_log
from tests.integration.journal.conftest import database_url, postgres

__all__ = ["database_url", "postgres"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without keys; the one in Postgres has been used by other tests."""
    opened = await Database.open(database_url)
    for table in (api_keys, api_rates, audit_log, audit_heads):
        await opened.write(lambda connection, emptied=table: connection.execute(sa.delete(emptied)))
    yield opened
    await opened.close()


async def rows(database: Database) -> list[dict[str, object]]:
    found = await database.read(lambda c: c.execute(sa.select(api_keys)).mappings().all())
    return [dict(row) for row in found]


async def test_a_key_opens_its_tenant_and_only_its_hash_is_stored(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("  robot ", tenant="acme")
    principal = await keys.authenticate(made.key)
    assert principal is not None
    assert (principal.tenant, principal.key_id, principal.name) == ("acme", made.id, "robot")
    (row,) = await rows(database)
    assert row["hash"] == hashlib.sha256(made.key.encode()).hexdigest()
    assert made.key not in str(row)
    assert made.key.startswith(made.prefix)
    assert len(made.prefix) == 8


async def test_what_is_no_key_opens_nothing(database: Database) -> None:
    keys = KeyStore(database, run_token="token")
    made = await keys.create("robot")
    for wrong in ("", "jm_", made.key[:-1], made.key + "x", made.prefix, made.id, "token "):
        assert await keys.authenticate(wrong) is None, wrong
    run = await keys.authenticate("token")
    assert run is not None
    assert run.tenant == "default"


async def test_without_a_run_token_the_empty_key_opens_nothing(database: Database) -> None:
    for token in (None, ""):
        assert await KeyStore(database, run_token=token).authenticate("") is None


async def test_a_header_that_does_not_fit_is_a_401_with_a_challenge(database: Database) -> None:
    keys = KeyStore(database)
    for header in (None, "", "Bearer", "Basic x", "Bearer wrong"):
        with pytest.raises(Fault) as caught:
            await keys.principal(header)
        assert caught.value.status_code == 401
        assert caught.value.headers is not None
        assert "www-authenticate" in caught.value.headers


async def test_what_is_revoked_elsewhere_opens_nothing_from_then_on(database: Database) -> None:
    here, elsewhere = KeyStore(database), KeyStore(database)
    made = await here.create("robot")
    for _ in range(3):
        assert await here.authenticate(made.key) is not None
    await elsewhere.revoke(made.id)
    assert await here.authenticate(made.key) is None


async def test_a_key_made_elsewhere_works_at_once_here(database: Database) -> None:
    here, elsewhere = KeyStore(database), KeyStore(database)
    assert await here.authenticate("jm_wrong") is None
    made = await elsewhere.create("robot")
    assert await here.authenticate(made.key) is not None


async def test_use_is_noted_once_a_minute(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("robot")
    assert (await keys.list())[0].last_used_at is None
    await keys.authenticate(made.key)
    noted = (await keys.list())[0].last_used_at
    assert noted is not None
    await keys.authenticate(made.key)
    assert (await keys.list())[0].last_used_at == noted
    long_ago = sa.update(api_keys).values(last_used_at=1_000_000)
    await database.write(lambda connection: connection.execute(long_ago))
    await keys.authenticate(made.key)
    later = (await keys.list())[0].last_used_at
    assert later is not None
    assert later >= noted


async def test_a_key_for_less_than_everything_opens_nothing_yet(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("robot")
    await database.write(lambda connection: connection.execute(sa.update(api_keys).values(scopes=["tasks:read"], roles=None)))
    assert await keys.authenticate(made.key) is None


async def test_revoking_is_for_good_and_harmless_again(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("robot")
    first, again = await keys.revoke(made.id), await keys.revoke(made.id)
    assert first.revoked_at == again.revoked_at is not None
    for key_id, tenant in (("key_none", "default"), (made.id, "elsewhere")):
        with pytest.raises(NotFound):
            await keys.revoke(key_id, tenant)


async def test_the_first_key_is_made_once(database: Database) -> None:
    keys = KeyStore(database)
    first = await keys.first_key()
    assert first is not None
    assert await keys.first_key() is None
    await keys.revoke(first.id)
    assert await keys.first_key() is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
async def test_a_key_needs_a_name(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput):
        await KeyStore(database).create(name)


async def test_a_key_acts_for_its_user_with_its_roles(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("phone", user="ada", roles=[Role.APPROVER, Role.VIEWER])
    principal = await keys.authenticate(made.key)
    assert principal is not None
    assert principal.name == "ada"
    assert principal.has(Role.APPROVER)
    assert principal.has(Role.VIEWER)
    assert not principal.has(Role.SUBMITTER, Role.ADMIN)


async def test_a_version_without_roles_opens_nothing_to_a_key_with_fewer(database: Database) -> None:
    """It looks for one of these scopes."""
    keys = KeyStore(database)
    assert not {"*", "api"} & set((await keys.create("phone", roles=[Role.VIEWER])).scopes)
    assert "api" in (await keys.create("plain")).scopes


async def test_a_key_from_before_there_were_roles_may_do_everything(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("old")
    await database.write(lambda connection: connection.execute(sa.update(api_keys).values(roles=sa.null(), user_name=None)))
    principal = await keys.authenticate(made.key)
    assert principal is not None
    assert (principal.name, principal.roles) == ("old", (Role.ADMIN,))


async def test_a_key_opens_nothing_behind_its_end(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("guest", life=timedelta(hours=1))
    assert await keys.authenticate(made.key) is not None
    await database.write(lambda connection: connection.execute(sa.update(api_keys).values(expires_at=1_000_000)))
    assert await keys.authenticate(made.key) is None


async def test_a_rotated_key_works_on_for_its_grace(database: Database) -> None:
    keys = KeyStore(database)
    old = await keys.create("robot", tenant="acme", user="ada", roles=[Role.SUBMITTER], requests_per_minute=7)
    new = await keys.rotate(old.id, "acme")
    for key in (old.key, new.key):
        principal = await keys.authenticate(key)
        assert principal is not None
        assert (principal.tenant, principal.name, principal.roles) == ("acme", "ada", (Role.SUBMITTER,))
        assert principal.requests_per_minute == 7
    at_once = await keys.rotate(new.id, "acme", grace=timedelta())
    assert await keys.authenticate(new.key) is None
    assert await keys.authenticate(at_once.key) is not None


async def test_a_key_that_ends_is_followed_by_one_that_lives_as_long(database: Database) -> None:
    keys = KeyStore(database)
    old = await keys.create("guest", life=timedelta(hours=1))
    new = await keys.rotate(old.id)
    assert new.expires_at is not None
    assert new.expires_at - new.created_at == timedelta(hours=1)
    (kept, _) = await keys.list()
    assert kept.expires_at == old.expires_at, "the grace does not lengthen a life"


async def test_what_opens_nothing_cannot_be_rotated(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("robot")
    await keys.revoke(made.id)
    with pytest.raises(Conflict):
        await keys.rotate(made.id)
    with pytest.raises(NotFound):
        await keys.rotate(made.id, "elsewhere")


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": ["emperor"]},
        {"roles": []},
        {"roles": ["viewer"], "scopes": ["*"]},
        {"scopes": ["flying"]},
        {"tenant": "../x"},
        {"tenant": ""},
        {"user": "a\nb"},
    ],
)
async def test_what_is_no_role_scope_tenant_or_user_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await KeyStore(database).create("robot", **wrong)


async def test_every_change_is_in_the_audit_log_and_no_key_is(database: Database) -> None:
    keys, audit = KeyStore(database), AuditLog(database)
    made = await keys.create("robot", tenant="acme", user="ada", roles=[Role.VIEWER], by=OPERATOR)
    fresh = await keys.rotate(made.id, "acme")
    await keys.revoke(made.id, "acme")
    await keys.revoke(made.id, "acme")
    entries = (await audit.entries("acme"))[::-1]
    assert [(e.act, e.target) for e in entries] == [
        ("key.created", made.id),
        ("key.rotated", fresh.id),
        ("key.revoked", made.id),
    ]
    assert entries[0].actor == "command line"
    assert entries[0].details == {"name": "robot", "user": "ada", "roles": ["viewer"], "scopes": []}
    assert entries[1].details["replaces"] == made.id
    assert made.key not in str(entries)
    assert await audit.entries("default") == []


async def test_the_migration_makes_the_table_the_store_expects(database: Database) -> None:
    def compare(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda thing, name, kind, *_: kind != "table" or name in ("api_keys", "api_rates")},
        )
        return list(compare_metadata(context, api_keys.metadata))

    assert await database.read(compare) == []
