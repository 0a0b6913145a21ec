"""The stores under test. Postgres is found by ``JOURNEYMAN_TEST_POSTGRES_URL`` or on its default port."""

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from journal.memory_store import MemoryJournal
from journal.sql_store import SqlJournal, open_journal
from journal.store import Journal
from journal.upgrading import upgrade

SERVER = os.environ.get("JOURNEYMAN_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


class PostgresServer:
    """Makes scratch databases and drops them all at the end."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._made: list[str] = []
        self._template: str | None = None
        self._shared: str | None = None

    def run(self, sql: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(sql))

    def empty_database(self, template: str = "template0") -> str:
        """The URL of a new database."""
        name = f"journal_test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return self._url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)

    def migrated_database(self) -> str:
        """The URL of a new database with the journal's tables."""
        if self._template is None:
            url = self.empty_database()
            upgrade(url)
            self._template = str(make_url(url).database)
        return self.empty_database(self._template)

    def shared_database(self) -> str:
        """The URL of a database with the journal's tables, all empty; one for all tests of this process."""
        if self._shared is None:
            self._shared = self.migrated_database()
        engine = create_engine(make_url(self._shared).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS notes"))
            connection.execute(text("TRUNCATE tasks, task_documents, events, blobs, inbox, idempotency_keys"))
        engine.dispose()
        return self._shared

    def close(self) -> None:
        for name in self._made:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
        self._engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer(SERVER)
    try:
        server.run("SELECT 1")
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Postgres at {make_url(SERVER).render_as_string()}: {str(error).splitlines()[0]}")
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of each kind; other rooms may keep a table ``notes`` in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.db'}"
        upgrade(url)
        return url
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.shared_database()


@pytest.fixture(params=["sqlite", "postgres"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of each kind that a test may spoil."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.db'}"
        upgrade(url)
        return url
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.migrated_database()


@pytest.fixture
async def sql_journal(database_url: str) -> AsyncIterator[SqlJournal]:
    journal = await open_journal(database_url, lease_seconds=60)
    yield journal
    await journal.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """``await open_store(lease_seconds=...)`` opens a journal of each kind, as one process would; closed behind the test."""
    opened: list[Journal] = []

    async def open_one(*, lease_seconds: float = 60.0) -> Journal:
        if request.param == "memory":
            journal: Journal = MemoryJournal(lease_seconds=lease_seconds)
        elif request.param == "sqlite":
            journal = await open_journal(f"sqlite:///{tmp_path / 'journal.db'}", lease_seconds=lease_seconds)
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            journal = await open_journal(server.shared_database(), lease_seconds=lease_seconds)
        opened.append(journal)
        return journal

    yield open_one
    for journal in opened:
        await journal.close()


@pytest.fixture
async def journal(open_store: Callable[..., Any]) -> Journal:
    """A journal of each kind, with leases that do not run out during a test."""
    store: Journal = await open_store()
    return store
