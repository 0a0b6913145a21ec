"""The database that one process works with: reads in threads, writes through one group commit.

Other rooms keep their own tables here as well; their reads and writes are functions of an SQLAlchemy ``Connection``.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import DBAPIError

from journal.engine import READERS, bound_waits, create_sqlite_file, database_url, explained, make_engine
from journal.group_commit import GroupCommit, Work, each_alone
from journal.upgrading import look, migrate, require_current

T = TypeVar("T")


class Database:
    """Made by ``open``. All methods raise ``StorageError`` when the database refuses."""

    def __init__(self, url: URL, writing: Engine, reading: Engine) -> None:
        self._url = url
        self._writing = writing
        self._reading = reading
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        self._commits = GroupCommit(writing.connect, lambda error: explained(error, url))

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect. A SQLite file is made and migrated where needed; Postgres must have been migrated.

        Raises ``ConfigurationError``, ``StorageUnavailable`` or ``SchemaTooNew``.
        """
        return await asyncio.to_thread(cls._open, database_url(url))

    @classmethod
    def _open(cls, url: URL) -> "Database":
        embedded = url.get_backend_name() == "sqlite"
        if embedded:
            create_sqlite_file(url)
        writing, reading = make_engine(url, writing=True), make_engine(url, writing=False)
        bound_waits(writing)
        try:
            if not embedded:
                require_current(reading)
            elif look(writing).pending:
                migrate(writing)
        except Exception as error:
            writing.dispose()
            reading.dispose()
            if isinstance(error, DBAPIError):
                raise explained(error, url) from error
            raise
        return cls(url, writing, reading)

    @property
    def dialect(self) -> Dialect:
        """How statements are written for this database."""
        return self._writing.dialect

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """What ``fn`` finds, run in a thread. Each of its statements sees what is committed when it starts."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        try:
            return self._try_read(fn)
        except DBAPIError as error:
            failure = explained(error, self._url)
            if not error.connection_invalidated:
                raise failure from error
        try:  # the server closed a connection that lay idle; reading again does no harm
            return self._try_read(fn)
        except DBAPIError as error:
            raise explained(error, self._url) from error

    def _try_read(self, fn: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            return fn(connection)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """What ``fn`` returns, once its writes are on disk. It shares a commit with others, fails alone, and may be run
        again when a shared transaction is undone, so it does nothing but write to its connection."""
        return await self._commits.submit(each_alone, fn)  # type: ignore[no-any-return]

    async def commit(self, work: Work, item: Any) -> Any:
        """The outcome of one operation of ``work``; those that share a commit are handed to it together."""
        return await self._commits.submit(work, item)

    async def close(self) -> None:
        """Write what is queued and let go of all connections."""
        await self._commits.close()
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self._readers.shutdown()
        self._reading.dispose()
        self._writing.dispose()
