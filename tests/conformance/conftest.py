"""Labs over the stores that are there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeyman.selfcheck.suite import Lab, open_lab
from tests.integration.journal.conftest import SERVER, PostgresServer, own_database_url, postgres

__all__ = ["own_database_url", "postgres"]


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Where scratch journals of each kind can be made."""
    if request.param == "sqlite":
        return "sqlite:///any.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    assert server
    return SERVER


@pytest.fixture
async def lab(store_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(store_url, tmp_path, width=4, on_result=lambda result: None) as made:
        yield made
