"""Workers over each broker: killed, cut off from it, cut off from their database."""

import asyncio
import os
from pathlib import Path

import pytest

from journeyman.selfcheck.brokers import broker_gone_case, database_cut_case, points_over_a_broker, worker_case
from journeyman.selfcheck.life import Crash
from journeyman.selfcheck.suite import MISSED, OK, open_lab
from tests.conformance.test_crashes import SLOW
from tests.integration.journal.conftest import SERVER, PostgresServer
from workers.app import check_broker

BROKERS = {
    "redis": os.environ.get("JOURNEYMAN_TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
    "rabbitmq": os.environ.get("JOURNEYMAN_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


@pytest.fixture(params=["memory", *BROKERS])
def broker(request: pytest.FixtureRequest) -> str:
    """The URL of each broker that is there."""
    if request.param == "memory":
        return "memory://"
    url = BROKERS[request.param]
    if problem := check_broker(url):
        pytest.fail(problem) if os.environ.get("CI") == "true" else pytest.skip(problem)
    return url


@pytest.mark.timeout(180)
async def test_a_worker_that_dies_with_a_message_in_its_hands(broker: str, tmp_path: Path) -> None:
    point = "message.taken" if broker != "memory://" else "message.accepted"
    async with open_lab("sqlite:///any.db", tmp_path, width=1, on_result=lambda row: None) as lab:
        row = await worker_case(lab, broker, "react", Crash(point))
    assert row.result == OK, row


@pytest.mark.timeout(180)
async def test_the_database_is_cut_off_under_load_and_back(postgres: PostgresServer, tmp_path: Path) -> None:
    assert postgres
    async with open_lab(SERVER, tmp_path, width=1, on_result=lambda row: None) as lab:
        row = await database_cut_case(lab, "memory://")
    assert row.result == OK, row


@SLOW
@pytest.mark.timeout(1800)
async def test_workers_at_every_point(store_url: str, broker: str, tmp_path: Path) -> None:
    async with open_lab(store_url, tmp_path, width=6, on_result=lambda row: None) as lab:
        cases = [worker_case(lab, broker, name, crash) for name, crash in points_over_a_broker()]
        if broker != "memory://":
            cases.append(broker_gone_case(lab, broker))
        rows = await asyncio.gather(*cases)
    assert [row for row in rows if row.result not in (OK, MISSED)] == []
