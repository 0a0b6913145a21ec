"""The migrations build what the metadata says, on SQLite and Postgres, and can be looked at before they are run."""

import os
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, bindparam, create_engine, text
from sqlalchemy.engine import make_url

import api.tables  # noqa: F401 - the tables that other rooms keep in the same database
from journal import upgrading
from journal.engine import database_url, make_engine
from journal.schema import metadata
from journal.upgrading import revisions, status, upgrade

SERVER = os.environ.get("JOURNEYMAN_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'migrated.db'}"
        return
    server = make_url(SERVER).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"migration_test_{secrets.token_hex(6)}"
    try:
        connection = engine.connect()
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Postgres at {server.render_as_string()}: {str(error).splitlines()[0]}")
    with connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def migrated(url: str) -> Iterator[Engine]:
    upgrade(url)
    engine = make_engine(database_url(url), writing=True)
    yield engine
    engine.dispose()


def _ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    table = name if kind == "table" else thing.table.name
    return table in metadata.tables


def test_alembic_sees_no_difference(migrated: Engine) -> None:
    with migrated.connect() as connection:
        options = {"include_object": _ours, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_database_holds_the_same_definitions(migrated: Engine, tmp_path: Path) -> None:
    """Closer than Alembic looks: keys, partial indexes and their conditions, autoincrement."""
    by_migration = definitions(migrated)
    with migrated.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert by_migration == definitions(migrated)
    assert by_migration


def definitions(engine: Engine) -> set[str]:
    if engine.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN :ours"
    else:
        query = (
            "SELECT indexdef FROM pg_indexes WHERE tablename IN :ours UNION ALL "
            "SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')"
            " FROM information_schema.columns WHERE table_name IN :ours UNION ALL "
            "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text IN :ours"
        )
    with engine.connect() as connection:
        found = connection.scalars(text(query).bindparams(bindparam("ours", list(metadata.tables), expanding=True)))
        lines = {" ".join(re.sub(r"\b(\w+)\.(?=\w+ IS NOT NULL)", "", line).split()) for line in found}
        return {part for line in lines for part in _parts(line)}


def _parts(line: str) -> list[str]:
    """A table by its columns and constraints: SQLite writes a column that was added later at the end."""
    made = re.fullmatch(r"(CREATE TABLE \"?\w+\"?) ?\((.*)\)", line)
    return [line] if made is None else [f"{made[1]} {part.strip()}" for part in re.split(r",(?![^(]*\))", made[2])]


def test_files_form_one_chain_in_the_order_of_their_names() -> None:
    """The newest migration is found by name, without Alembic: the names must tell the truth."""
    scripts = ScriptDirectory(str(Path(upgrading.__file__).with_name("migrations")))
    chain = [script.revision for script in scripts.walk_revisions()][::-1]
    assert chain == revisions()
    assert scripts.get_heads() == [revisions()[-1]]


def test_upgrading_from_every_earlier_state_ends_the_same(url: str) -> None:
    for revision in revisions():
        engine = make_engine(database_url(url), writing=True)
        with engine.begin() as connection:
            everything = MetaData()
            everything.reflect(connection)
            everything.drop_all(connection)
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(Path(upgrading.__file__).with_name("migrations")))
            command.upgrade(config, revision)
        assert status(url).current == revision
        assert upgrade(url).current == revisions()[-1]
        with engine.connect() as connection:
            options = {"include_object": _ours}
            assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        engine.dispose()


def test_status_looks_and_does_not_touch(url: str) -> None:
    before = status(url)
    assert (before.current, before.pending) == (None, tuple(revisions()))
    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()
    done = upgrade(url)
    assert (done.current, done.pending) == (revisions()[-1], ())
    assert status(url) == done == upgrade(url)


def test_the_first_migration_says_which_code_may_open_the_database(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE name = 'min_code_version'")) == "0.1.0"


def test_databases_that_are_upgraded_at_once_are_not_mixed_up(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(6)]
    with ThreadPoolExecutor(len(urls)) as threads:
        found = list(threads.map(upgrade, urls))
    assert {status.pending for status in found} == {()}
