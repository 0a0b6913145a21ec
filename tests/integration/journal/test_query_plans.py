"""The queries that are asked all the time find their rows by an index, however many tasks have ended."""

from pathlib import Path

import pytest
from sqlalchemy import Select, text

from journal.database import Database
from journal.finding import runnable
from journal.limits import Terms
from journal.reading import listing
from journal.records import TaskFilter
from journal.values import Status


@pytest.mark.parametrize(
    "query",
    [runnable(10, Terms()), listing("acme", TaskFilter()), listing("acme", TaskFilter(status=Status.INPUT_REQUIRED))],
    ids=["runnable", "newest tasks", "tasks of one status"],
)
async def test_no_table_is_read_whole(tmp_path: Path, query: Select[tuple[object, ...]]) -> None:
    database = await Database.open(f"sqlite:///{tmp_path / 'journal.db'}")
    sql = query.compile(dialect=database.dialect, compile_kwargs={"literal_binds": True})
    plan = await database.read(lambda c: [row[3] for row in c.execute(text(f"EXPLAIN QUERY PLAN {sql}"))])
    assert any("INDEX" in line for line in plan)
    assert not [line for line in plan if line.startswith("SCAN") and not ("subquery" in line or line.endswith(" candidates"))]
    await database.close()
