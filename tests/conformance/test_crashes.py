"""Processes killed at named points, and the suite itself: it sees what it is there to see."""

import os
from pathlib import Path

import pytest

from journal.crash_points import POINTS
from journeyman.selfcheck.life import Crash
from journeyman.selfcheck.report import unreached
from journeyman.selfcheck.run import Plan, run
from journeyman.selfcheck.suite import MISSED, OK, Lab, crash_case

SLOW = pytest.mark.skipif(not os.environ.get("JOURNEYMAN_SLOW"), reason="a quarter of an hour; JOURNEYMAN_SLOW=1 runs it")
BEHIND_A_TASK = [point for point in POINTS if not point.startswith(("message.", "beat.", "webhook."))]


@pytest.mark.timeout(300)
async def test_each_point_once(store_url: str, tmp_path: Path) -> None:
    report = await run(Plan(tmp_path, [store_url], width=4))
    assert report.complaints() == []
    assert unreached(report.results, BEHIND_A_TASK) == ()


@SLOW
@pytest.mark.timeout(1800)
async def test_every_scenario_at_every_point(store_url: str, tmp_path: Path) -> None:
    report = await run(Plan(tmp_path, [store_url], full=True))
    assert report.complaints() == []


async def test_a_point_that_is_not_reached_is_no_success(lab: Lab) -> None:
    row = await crash_case(lab, "cancel", Crash("tool.sending"))
    assert row.result == MISSED


async def test_an_effect_that_is_sent_again_is_seen(lab: Lab) -> None:
    """The tool lies: it says that it may be called as often as one likes."""
    row = await crash_case(lab, "liar", Crash("tool.returned", "lie"))
    assert row.result == "effects", row
    assert (await crash_case(lab, "liar", Crash("tool.sending", "lie"))).result == OK
