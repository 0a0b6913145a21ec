"""The key store over SQLite and Postgres: made once, stored hashed, checked rarely, revoked everywhere."""

import hashlib
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.keys import CACHE_SECONDS, KeyStore
from api.problems import Fault
from api.tables import api_keys
from journal.database import Database
from journal.errors import InvalidInput, NotFound
from tests.integration.journal.conftest import database_url, postgres

__all__ = ["database_url", "postgres"]


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without keys; the one in Postgres has been used by other tests."""
    opened = await Database.open(database_url)
    await opened.write(lambda connection: connection.execute(sa.delete(api_keys)))
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


async def test_a_check_is_trusted_for_seconds_and_then_made_again(database: Database) -> None:
    clock = Clock()
    here, elsewhere = KeyStore(database, clock=clock), KeyStore(database)
    made = await here.create("robot")
    assert await here.authenticate(made.key) is not None
    await elsewhere.revoke(made.id)
    assert await elsewhere.authenticate(made.key) is None
    clock.now += CACHE_SECONDS / 2
    assert await here.authenticate(made.key) is not None
    clock.now += CACHE_SECONDS
    assert await here.authenticate(made.key) is None


async def test_a_key_made_elsewhere_works_at_once_here(database: Database) -> None:
    here, elsewhere = KeyStore(database), KeyStore(database)
    assert await here.authenticate("jm_wrong") is None
    made = await elsewhere.create("robot")
    assert await here.authenticate(made.key) is not None


async def test_use_is_noted_once_a_minute(database: Database) -> None:
    clock = Clock()
    keys = KeyStore(database, clock=clock)
    made = await keys.create("robot")
    assert (await keys.list())[0].last_used_at is None
    await keys.authenticate(made.key)
    noted = (await keys.list())[0].last_used_at
    assert noted is not None
    clock.now += CACHE_SECONDS + 1
    await keys.authenticate(made.key)
    assert (await keys.list())[0].last_used_at == noted
    long_ago = sa.update(api_keys).values(last_used_at=1_000_000)
    await database.write(lambda connection: connection.execute(long_ago))
    clock.now += CACHE_SECONDS + 1
    await keys.authenticate(made.key)
    later = (await keys.list())[0].last_used_at
    assert later is not None
    assert later >= noted


async def test_a_key_for_less_than_everything_opens_nothing_yet(database: Database) -> None:
    keys = KeyStore(database)
    made = await keys.create("robot")
    await database.write(lambda connection: connection.execute(sa.update(api_keys).values(scopes=["tasks:read"])))
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


async def test_the_migration_makes_the_table_the_store_expects(database: Database) -> None:
    def compare(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda thing, name, kind, *_: kind != "table" or name == "api_keys"}
        )
        return list(compare_metadata(context, api_keys.metadata))

    assert await database.read(compare) == []
