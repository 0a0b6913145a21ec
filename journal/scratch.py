"""A journal of one's own beside the real one: for checks that must not touch anybody's data."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from journal.engine import database_url, explained, make_engine
from journal.upgrading import upgrade


@contextmanager
def scratch_journal(url: str, folder: Path) -> Iterator[str]:
    """The URL of an empty, migrated journal of the same kind as ``url``; gone when the block ends.

    SQLite: a file in ``folder``. Postgres: a schema of its own in the same database, where nothing else looks. Raises
    ``ConfigurationError`` or ``StorageError`` where none can be made.
    """
    given = database_url(url)
    if given.get_backend_name() == "sqlite":
        own = f"sqlite:///{folder / 'journal.db'}"
        upgrade(own)
        yield own
        return
    name = f"journeyman_scratch_{secrets.token_hex(6)}"
    _run(given, f"CREATE SCHEMA {name}")
    try:
        own = given.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
        upgrade(own)
        yield own
    finally:
        _run(given, f"DROP SCHEMA {name} CASCADE")


def _run(url: URL, statement: str) -> None:
    engine = make_engine(url, writing=True)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        raise explained(error, url) from error
    finally:
        engine.dispose()
