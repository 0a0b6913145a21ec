"""Limits of requests for each key: in one process, across processes, and over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.principals import OPERATOR, Principal
from api.problems import Fault
from api.rates import RateLimiter
from api.settings import ApiSettings
from api.tables import api_rates
from journal.database import Database
from tests.integration.api.served_api import serving
from tests.integration.journal.conftest import database_url, postgres

__all__ = ["database_url", "postgres"]

ADA = Principal("acme", "key_ada", "ada")
EVE = Principal("acme", "key_eve", "eve")


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    await opened.write(lambda connection: connection.execute(sa.delete(api_rates)))
    yield opened
    await opened.close()


async def admitted(limiter: RateLimiter, principal: Principal, requests: int) -> int:
    refused: list[Fault] = []

    async def one() -> bool:
        try:
            await limiter.admit(principal)
        except Fault as fault:
            refused.append(fault)
            return False
        return True

    passed = sum(await asyncio.gather(*(one() for _ in range(requests))))
    assert {fault.status_code for fault in refused} <= {429}
    assert all(int((fault.headers or {})["retry-after"]) >= 1 for fault in refused)
    return passed


async def test_a_minutes_worth_passes_at_once_and_no_more(database: Database) -> None:
    limiter = RateLimiter(database, 30)
    assert await admitted(limiter, ADA, 60) == 30
    assert await admitted(limiter, EVE, 10) == 10, "each key has its own"


async def test_processes_together_let_no_more_through_than_one(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    try:
        limiters = [RateLimiter(database, 100), RateLimiter(other, 100)]
        both = await asyncio.gather(*(admitted(limiter, ADA, 100) for limiter in limiters))
        assert 95 <= sum(both) <= 101, both
    finally:
        await other.close()


async def test_time_gives_requests_back(database: Database) -> None:
    clock = Clock()
    limiter = RateLimiter(database, 60, clock=clock)
    assert await admitted(limiter, ADA, 61) == 60
    a_second_ago = sa.update(api_rates).values(at=api_rates.c.at - 2_000_000)
    await database.write(lambda connection: connection.execute(a_second_ago))
    assert await admitted(limiter, ADA, 1) == 0, "until when there is nothing is known without asking the database"
    clock.now += 2
    assert 2 <= await admitted(limiter, ADA, 5) <= 3


async def test_a_limit_of_its_own_wins_and_zero_is_none(database: Database) -> None:
    limiter = RateLimiter(database, 5)
    slow = Principal("acme", "key_slow", "slow", requests_per_minute=2)
    free = Principal("acme", "key_free", "free", requests_per_minute=0)
    assert await admitted(limiter, slow, 10) == 2
    assert await admitted(limiter, free, 50) == 50
    assert await admitted(limiter, OPERATOR, 50) == 50
    assert await admitted(RateLimiter(database, 0), ADA, 50) == 50


async def test_over_http_it_is_a_429_that_says_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", ApiSettings(port=0, requests_per_minute=3)) as api:
        statuses = [(await api.client.get("/v1/models")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = await api.client.get("/v1/models")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.json()["type"] == "urn:journeyman:problem:too-many-requests"
        assert (await api.client.get("/healthz")).status_code == 200
        own = (await api.keys.create("busy", requests_per_minute=100)).key
        async with api.connect(own) as client:
            assert {(await client.get("/v1/models")).status_code for _ in range(20)} == {200}
