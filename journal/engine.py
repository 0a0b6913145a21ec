"""Connections: a SQLite file or a Postgres server by URL, and the database's errors in plain words."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from journal.errors import (
    ConfigurationError,
    InvalidInput,
    JourneymanError,
    StorageContended,
    StorageError,
    StorageFull,
    StorageUnavailable,
)

BUSY_SECONDS = 10
READERS = 4
LOCK_SECONDS = 0.5
"""So long a shared commit waits for a row that another process holds; then its operations are tried one by one."""
FROZEN_SECONDS = 3
"""So long Postgres keeps a transaction open whose process does nothing: one that is frozen must not hold its rows for ever."""
_PAGE_BYTES = 16384

_SQLITE_FULL, _SQLITE_CORRUPT, _SQLITE_NOTADB = 13, 11, 26
_SQLITE_UNAVAILABLE = {
    5: "is busy",
    6: "is busy",
    8: "is read-only",
    10: "cannot be read or written",
    14: "cannot be opened",
}


def database_url(text: str) -> URL:
    """The URL as an engine takes it. Raises ``ConfigurationError``."""
    hint = "Use sqlite:///path/to/file.db or postgresql://user@host/database."
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError("The database URL cannot be read.", hint=hint) from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise ConfigurationError("The journal needs a SQLite file; one in memory would be lost.", hint=hint)
        return url.set(drivername="sqlite+pysqlite", database=str(Path(url.database).expanduser()))
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    raise ConfigurationError(f"The journal cannot be kept in a database of kind `{url.drivername}`.", hint=hint)


def make_engine(url: URL, *, writing: bool) -> Engine:
    """An engine for one writer, or for ``READERS`` readers that see each statement's own snapshot."""
    size = 1 if writing else READERS
    isolation: dict[str, Any] = {} if writing else {"isolation_level": "AUTOCOMMIT"}
    if url.get_backend_name() == "sqlite":
        url = url.update_query_dict({"timeout": url.query.get("timeout", str(BUSY_SECONDS))})
        engine = create_engine(url, pool_size=size, **isolation)
        _set_up_sqlite(engine, writing)
        return engine
    url = url.update_query_dict({"connect_timeout": url.query.get("connect_timeout", str(BUSY_SECONDS))})
    try:
        return create_engine(url, pool_size=size, max_overflow=0, paramstyle="format", **isolation)
    except ImportError:
        raise ConfigurationError(
            "Postgres needs the psycopg driver.", hint="Install it: pip install 'journeyman[postgres]'."
        ) from None


def bound_waits(engine: Engine) -> None:
    """Nobody waits long for another process's transaction: see ``LOCK_SECONDS`` and ``FROZEN_SECONDS``. SQLite has its busy
    timeout, and lets go of nothing while a process lives."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {round(LOCK_SECONDS * 1000)}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {FROZEN_SECONDS * 1000}")
        connection.autocommit = False


def create_sqlite_file(url: URL) -> None:
    """Make the file and its folder, readable by their owner only, where they do not exist yet."""
    file = Path(str(url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageUnavailable(f"The database {file} cannot be opened: {error.strerror}.") from None


def _set_up_sqlite(engine: Engine, writing: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if writing:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")

    if writing:

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            # By the driver's own connection: SQLAlchemy's way to a statement costs more than all else in a small commit.
            connection.connection.driver_connection.execute("BEGIN IMMEDIATE")


def explained(error: Exception, url: URL) -> Exception:
    """The journal's own error for a driver's; any other error is given back as it is."""
    if isinstance(error, JourneymanError):
        return error
    original = _driver_error(error)
    if isinstance(original, UnicodeEncodeError):
        return InvalidInput("The text holds half a surrogate pair, which is no character.")
    if original is None:
        return error
    if url.get_backend_name() == "sqlite":
        return _explain_sqlite(original, url)
    return _explain_postgres(original, url)


def _driver_error(error: Exception) -> Any:
    for cause in _causes(error):
        if isinstance(cause, DBAPIError):
            return cause.orig
        if hasattr(cause, "sqlite_errorcode") or hasattr(cause, "sqlstate") or isinstance(cause, UnicodeEncodeError):
            return cause
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _explain_sqlite(error: Any, url: URL) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _SQLITE_FULL:
        return StorageFull("The disk is full: nothing was written.", hint=f"Make room for {url.database} and try again.")
    if code in _SQLITE_UNAVAILABLE:
        return StorageUnavailable(f"The database {url.database} {_SQLITE_UNAVAILABLE[code]}: {error}.")
    if code in (_SQLITE_CORRUPT, _SQLITE_NOTADB):
        return StorageError(f"{url.database} is not a sound SQLite database: {error}.", hint="Restore it from a backup.")
    return StorageError(f"The database refused: {error}.")


def _explain_postgres(error: Any, url: URL) -> JourneymanError:
    state = getattr(error, "sqlstate", None)
    text = (str(error).strip().splitlines() or ["no answer"])[0].rstrip(".")
    if state in ("53100", "53200"):
        return StorageFull("The database server has no room left: nothing was written.")
    if state is None or state == "25P03" or state[:2] in ("08", "28", "3D", "53", "57"):
        where = url.set(drivername="postgresql").render_as_string(hide_password=True)
        return StorageUnavailable(f"The database {where} cannot be reached: {text}.")
    if state in ("40001", "40P01", "55P03"):
        return StorageContended(f"Another transaction was in the way: {text}.")
    if state[:2] == "22":
        return InvalidInput(f"The database cannot hold a value: {text}.")
    return StorageError(f"The database refused: {text}.")
