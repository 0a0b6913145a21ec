"""Opening databases, and what is said when one cannot be opened or goes away."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from journal.database import Database
from journal.errors import ConfigurationError, SchemaTooNew, StorageError, StorageUnavailable
from journal.projection import TaskState
from journal.sql_store import SqlJournal, open_journal
from journal.upgrading import revisions, status, upgrade
from tests.integration.journal.holding import REQUESTED, STARTED, Holder, submit


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'home' / 'journal.db'}"


async def test_a_sqlite_file_is_made_private_and_crash_proof(tmp_path: Path) -> None:
    database = await Database.open(sqlite_url(tmp_path))
    await database.write(lambda c: c.execute(text("CREATE TABLE t (a)")))
    folder = tmp_path / "home"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
    pragmas = {name: await pragma(database, name) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    await database.close()
    assert [file.name for file in folder.iterdir()] == ["journal.db"]


async def pragma(database: Database, name: str) -> Any:
    return await database.write(lambda c: c.execute(text(f"PRAGMA {name}")).scalar())


async def test_readers_cannot_write(tmp_path: Path) -> None:
    database = await Database.open(sqlite_url(tmp_path))
    with pytest.raises(StorageError):
        await database.read(lambda c: c.execute(text("DELETE FROM tasks")))
    await database.close()


def test_the_second_opening_does_not_load_alembic(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    program = (
        "import asyncio, sys; from journal.sql_store import open_journal\n"
        "async def main():\n"
        f"    await (await open_journal({url!r}, lease_seconds=6)).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    loaded = [subprocess.check_output([sys.executable, "-c", program], text=True).strip() for _ in range(2)]
    assert loaded == ["True", "False"]


async def test_two_processes_may_make_the_same_file_at_once(tmp_path: Path) -> None:
    databases = await asyncio.gather(*(Database.open(sqlite_url(tmp_path)) for _ in range(4)))
    for database in databases:
        await database.close()
    assert status(sqlite_url(tmp_path)).pending == ()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root@localhost/x", "kind `mysql`"),
        ("not a url", "cannot be read"),
        ("sqlite://", "needs a SQLite file"),
        ("sqlite:///:memory:", "needs a SQLite file"),
    ],
)
async def test_a_database_of_another_kind_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        await open_journal(url, lease_seconds=6)
    assert "sqlite:///" in caught.value.hint


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StorageUnavailable) as caught:
        await open_journal("postgresql://ann:hunter2@127.0.0.1:1/nothing", lease_seconds=6)
    message = str(caught.value)
    assert "127.0.0.1:1/nothing" in message
    assert "hunter2" not in message
    assert "\n" not in message


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("These are notes, not a database. " * 100)
    with pytest.raises(StorageError, match="not a sound SQLite database"):
        await open_journal(f"sqlite:///{file}", lease_seconds=6)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageUnavailable, match="home"):
        await open_journal(sqlite_url(tmp_path), lease_seconds=6)


async def test_a_writer_in_another_process_is_waited_for_then_reported(tmp_path: Path) -> None:
    journal = await open_journal(sqlite_url(tmp_path) + "?timeout=0.05", lease_seconds=60)
    holder = await Holder.new(journal)
    other = sqlite3.connect(tmp_path / "home" / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="busy"):
        await holder.append(STARTED)
    other.execute("ROLLBACK")
    other.close()
    holder.state = TaskState.of("acme", holder.state.id, await holder.events())
    await holder.append(STARTED)
    assert await journal.last_seq("acme", holder.state.id) == 2
    await journal.close()


async def test_a_database_that_needs_newer_code_is_refused(own_database_url: str) -> None:
    database = await Database.open(own_database_url)
    await database.write(lambda c: c.execute(text("UPDATE meta SET value = '99.1' WHERE name = 'min_code_version'")))
    await database.close()
    with pytest.raises(SchemaTooNew, match=r"needs Journeyman 99\.1 or newer; this is \d") as caught:
        await open_journal(own_database_url, lease_seconds=6)
    assert "99.1" in caught.value.hint
    with pytest.raises(SchemaTooNew):
        upgrade(own_database_url)


async def test_a_newer_schema_that_old_code_can_use_is_opened(own_database_url: str) -> None:
    database = await Database.open(own_database_url)
    await database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999_later'")))
    await database.close()
    journal = await open_journal(own_database_url, lease_seconds=6)
    await submit(journal)
    await journal.close()


async def test_postgres_must_be_migrated_first(postgres: Any) -> None:
    url = postgres.empty_database()
    with pytest.raises(ConfigurationError, match="not up to date") as caught:
        await open_journal(url, lease_seconds=6)
    assert "journeyman db upgrade" in caught.value.hint
    assert status(url).pending == tuple(revisions())
    assert upgrade(url).pending == ()
    await (await open_journal(url, lease_seconds=6)).close()


async def test_both_spellings_of_postgres_are_taken(postgres: Any) -> None:
    url = postgres.shared_database().replace("postgresql://", "postgres://")
    await (await open_journal(url, lease_seconds=6)).close()


async def test_a_database_that_does_not_exist_is_named(postgres: Any) -> None:
    url = make_url(postgres.shared_database()).set(database="journal_test_absent")
    with pytest.raises(StorageUnavailable, match="journal_test_absent"):
        await open_journal(url.render_as_string(hide_password=False), lease_seconds=6)


async def test_a_lost_connection_fails_its_commit_and_the_next_one_connects_anew(postgres: Any) -> None:
    journal: SqlJournal = await open_journal(postgres.shared_database(), lease_seconds=60)
    holder = await Holder.new(journal)
    await holder.append(STARTED)
    pid = await journal.database.write(lambda c: c.scalar(text("SELECT pg_backend_pid()")))
    postgres.run(f"SELECT pg_terminate_backend({pid}, 5000)")
    with pytest.raises(StorageUnavailable):
        await holder.append(REQUESTED)
    holder.state = TaskState.of("acme", holder.state.id, await holder.events())
    await holder.append(REQUESTED)
    assert await journal.record("acme", holder.state.id) == holder.state.record()
    await journal.close()


async def test_a_reader_whose_connection_was_closed_reads_again(postgres: Any) -> None:
    journal: SqlJournal = await open_journal(postgres.shared_database(), lease_seconds=60)
    task = await submit(journal)
    pid = await journal.database.read(lambda c: c.scalar(text("SELECT pg_backend_pid()")))
    postgres.run(f"SELECT pg_terminate_backend({pid}, 5000)")
    assert await journal.last_seq("acme", task.id) == 1
    await journal.close()


async def test_a_deadlock_between_processes_is_survived(postgres: Any) -> None:
    """Other rooms' writes may lock in any order; the loser of a deadlock is tried again."""
    url = postgres.shared_database()
    one, two = [await open_journal(url, lease_seconds=60) for _ in range(2)]
    await one.database.write(lambda c: c.execute(text("CREATE TABLE notes (id INT PRIMARY KEY, n INT)")))
    await one.database.write(lambda c: c.execute(text("INSERT INTO notes VALUES (1, 0), (2, 0)")))
    both = threading.Barrier(2)

    def crossing(first: int, second: int) -> Any:
        met = []

        def run(connection: Any) -> None:
            connection.execute(text(f"UPDATE notes SET n = n + 1 WHERE id = {first}"))
            if not met:
                met.append(both.wait(20))
            connection.execute(text(f"UPDATE notes SET n = n + 1 WHERE id = {second}"))

        return run

    await asyncio.gather(one.database.write(crossing(1, 2)), two.database.write(crossing(2, 1)))
    assert await one.database.read(lambda c: list(c.scalars(text("SELECT n FROM notes ORDER BY id")))) == [2, 2]
    await one.close()
    await two.close()
