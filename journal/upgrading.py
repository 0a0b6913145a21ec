"""The database's schema: where it stands, and bringing it up to date.

A migration's revision is its file's name, and the files form one chain, so the newest is known without Alembic, which is
loaded only when there is something to do.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from journal.engine import create_sqlite_file, database_url, explained, make_engine
from journal.errors import ConfigurationError, SchemaTooNew

_FOLDER = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the connection it works on in module globals: two threads that migrate at once would mix up databases."""
_ADVISORY_LOCK = 0x4A4D0001
"""Held in Postgres while migrating, so that two upgrades do not meet."""


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """``current`` is the last migration that was run (``None``: an empty database), ``pending`` those still to run."""

    current: str | None
    pending: tuple[str, ...]


def revisions() -> list[str]:
    """The migrations this version brings, oldest first."""
    return sorted(file.stem for file in (_FOLDER / "versions").glob("[0-9]*.py"))


def upgrade(url: str) -> SchemaStatus:
    """Run the migrations that are missing. Raises ``ConfigurationError``, ``SchemaTooNew`` or ``StorageUnavailable``."""
    return _with_engine(url, migrate, create=True)


def status(url: str) -> SchemaStatus:
    """Where the schema stands; changes nothing. Raises like ``upgrade``."""
    return _with_engine(url, look, create=False)


def look(engine: Engine) -> SchemaStatus:
    """Where the schema behind ``engine`` stands. Raises ``SchemaTooNew``."""
    with engine.connect() as connection:
        return _look(connection)


def require_current(engine: Engine) -> None:
    """Raise ``ConfigurationError`` unless every migration has been run."""
    if look(engine).pending:
        raise ConfigurationError("The database's schema is not up to date.", hint="Run `journeyman db upgrade`.")


def migrate(engine: Engine) -> SchemaStatus:
    """Run the migrations that are missing, in one transaction that keeps others out."""
    with _ONE_AT_A_TIME, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if _look(connection).pending:
            _run_alembic(connection)
        return _look(connection)


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")


def _look(connection: Connection) -> SchemaStatus:
    known = revisions()
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        return SchemaStatus(None, tuple(known))
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if "meta" in tables:
        _require_code(connection.execute(text("SELECT value FROM meta WHERE name = 'min_code_version'")).scalar())
    done = known.index(current) + 1 if current in known else len(known) if current else 0
    return SchemaStatus(current, tuple(known[done:]))


def _require_code(needed: str | None) -> None:
    ours = _code_version()
    if needed is not None and _numbers(needed) > _numbers(ours):
        raise SchemaTooNew(
            f"The database needs Journeyman {needed} or newer; this is {ours}.",
            hint=f"Upgrade it: pip install 'journeyman>={needed}'.",
        )


def _code_version() -> str:
    try:
        return version("journeyman")
    except PackageNotFoundError:
        raise ConfigurationError("Journeyman is not installed here.", hint="Run `make install`.") from None


def _numbers(version_text: str) -> tuple[int, ...]:
    digits = ("".join(c for c in part if c.isdigit()) for part in version_text.split("."))
    return tuple(int(d or 0) for d in digits)


def _with_engine(text_url: str, work: Callable[[Engine], SchemaStatus], *, create: bool) -> SchemaStatus:
    url = database_url(text_url)
    if url.get_backend_name() == "sqlite":
        if not create and not Path(str(url.database)).exists():
            return SchemaStatus(None, tuple(revisions()))
        create_sqlite_file(url)
    engine = make_engine(url, writing=True)
    try:
        return work(engine)
    except DBAPIError as error:
        raise explained(error, url) from error
    finally:
        engine.dispose()
