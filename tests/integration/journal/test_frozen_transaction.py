"""A process that stands still in the middle of a commit holds rows of Postgres; nobody else may stand still with it."""

import asyncio

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from journal.engine import FROZEN_SECONDS, bound_waits, database_url, explained, make_engine
from journal.errors import StorageContended, StorageUnavailable
from journal.sql_store import open_journal
from journal.statements import Statements
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


@pytest.mark.parametrize("rows", [1, 3])
async def test_also_behind_statements_for_several_rows(postgres: PostgresServer, rows: int) -> None:
    """The server counts idle time in every state in which a commit can stand still."""
    engine = make_engine(database_url(postgres.migrated_database()), writing=True)
    looking = make_engine(engine.url, writing=False)
    statements = Statements(engine.dialect)
    frozen = engine.raw_connection().driver_connection
    assert frozen is not None
    cursor = frozen.cursor()
    cursor.execute("SET idle_in_transaction_session_timeout = 200")
    statements.run(cursor, statements.recount_mail, [(number,) for number in range(rows)])
    with looking.connect() as other:
        assert await until(lambda: _gone(other, frozen.info.backend_pid))
    frozen.close()
    looking.dispose()


async def _gone(connection: Connection, process: int) -> bool:
    return connection.exec_driver_sql("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (process,)).scalar() == 0
