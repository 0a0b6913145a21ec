"""A process that stands still in the middle of a commit holds rows of Postgres; nobody else may stand still with it."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from journal.engine import FROZEN_SECONDS, bound_waits, database_url, explained, make_engine
from journal.errors import StorageContended, StorageUnavailable
from journal.sql_store import open_journal
from tests.integration.journal.conftest import PostgresServer
from tests.integration.journal.holding import submit, until

LOCK = "SELECT id FROM tasks WHERE public_id = %s FOR UPDATE"


async def test_others_work_on_and_the_frozen_one_loses_its_transaction(postgres: PostgresServer) -> None:
    url = postgres.migrated_database()
    journal = await open_journal(url, lease_seconds=60)
    locked, free = (await submit(journal)).id, (await submit(journal)).id
    engine = make_engine(database_url(url), writing=True)
    bound_waits(engine)
    with engine.connect() as frozen:
        assert frozen.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == f"{FROZEN_SECONDS}s"
        frozen.exec_driver_sql("SET idle_in_transaction_session_timeout = '60s'")
        frozen.exec_driver_sql(LOCK, (locked,))
        waiting = asyncio.create_task(_claimed(journal, locked))
        assert (await journal.claim(free, "heir")) is not None
        assert not waiting.done()
        frozen.exec_driver_sql("SET idle_in_transaction_session_timeout = 1")
        assert await waiting or await until(lambda: _claimed(journal, locked))
        with pytest.raises(DBAPIError) as ended:
            frozen.exec_driver_sql("SELECT 1")
        assert isinstance(explained(ended.value, database_url(url)), StorageUnavailable)
        frozen.invalidate()
    engine.dispose()
    await journal.close()


async def _claimed(journal: object, task_id: str) -> object:
    try:
        return await journal.claim(task_id, "heir")  # type: ignore[attr-defined]
    except StorageContended:
        return None
