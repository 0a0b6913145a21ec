"""Fires across daylight saving, held against a plain look at every minute."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.scheduling.cron import Cron
from journal.errors import InvalidInput

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
MINUTE = timedelta(minutes=1)

# Days around which the clocks of these zones are moved, and a few others.
DAYS = [
    datetime(2026, m, d, tzinfo=UTC) for m, d in ((3, 8), (3, 29), (4, 4), (4, 5), (7, 1), (10, 3), (10, 4), (10, 25), (11, 1))
]
MINUTES = st.sampled_from(["0", "30", "15", "59", "*/20", "*", "5-10", "0,45"])
HOURS = st.sampled_from(["*", "0", "1", "2", "3", "2-3", "*/2", "1,2", "23"])
WHEN = st.sampled_from(["* * *", "* * 0", "* * 1-5", "1,4,8 * *"])


def by_looking(cron: Cron, first: datetime, last: datetime) -> list[datetime]:
    """Walks minute by minute, in real time and on the wall, knowing no more than what the rules say."""
    matching = set()
    wall = (first - timedelta(days=2)).astimezone(cron.zone).replace(tzinfo=None)
    end = (last + timedelta(days=2)).astimezone(cron.zone).replace(tzinfo=None)
    for time in CronSim(cron.expression, wall):
        if time > end:
            break
        matching.add(time)
    found, shown = [], set()
    moment, before = first - timedelta(days=1), None
    while moment <= last:
        wall = moment.astimezone(cron.zone).replace(tzinfo=None)
        leapt = [] if before is None else [w for w in minutes(before + MINUTE, wall) if w in matching]
        hit = wall in matching and (cron.counts_hours or wall not in shown)
        if hit or (leapt and not cron.counts_hours and wall not in shown):
            found.append(moment)
        shown.add(wall)
        before, moment = wall, moment + MINUTE
    return [fire for fire in found if first <= fire <= last]


def minutes(first: datetime, last: datetime) -> list[datetime]:
    return [first + MINUTE * n for n in range(max(0, (last - first) // MINUTE))]


@settings(max_examples=60, deadline=None)
@given(MINUTES, HOURS, WHEN, st.sampled_from(ZONES), st.sampled_from(DAYS), st.integers(0, 1439))
def test_fires_are_what_the_clock_on_the_wall_says(
    minute: str, hour: str, when: str, zone: str, day: datetime, offset: int
) -> None:
    cron = Cron.parse(f"{minute} {hour} {when}", zone)
    first = day - timedelta(hours=12) + MINUTE * offset
    last = first + timedelta(hours=36)
    assert list(cron.between(first, last)) == by_looking(cron, first, last)


@settings(max_examples=60, deadline=None)
@given(MINUTES, HOURS, WHEN, st.sampled_from(ZONES), st.sampled_from(DAYS), st.integers(0, 40))
def test_it_does_not_matter_where_one_begins_to_look(
    minute: str, hour: str, when: str, zone: str, day: datetime, skipped: int
) -> None:
    cron = Cron.parse(f"{minute} {hour} {when}", zone)
    fires = list(islice(cron.after(day - timedelta(days=1)), skipped + 5))
    assert fires == sorted(set(fires))
    assert list(islice(cron.after(fires[skipped]), 4)) == fires[skipped + 1 :]
    first, last = fires[0], fires[-1]
    assert cron.latest(first, last, 3) == list(cron.between(first, last))[-3:]


def local(cron: Cron, after: datetime, count: int) -> list[str]:
    return [f"{fire.astimezone(cron.zone):%m-%d %H:%M%z}" for fire in islice(cron.after(after), count)]


def test_a_time_that_the_clock_leaps_over_fires_when_the_leap_ends() -> None:
    cron = Cron.parse("30 2 * * *", "Europe/Berlin")
    assert local(cron, datetime(2026, 3, 28, 12, tzinfo=UTC), 2) == ["03-29 03:00+0200", "03-30 02:30+0200"]
    half = Cron.parse("10 2 * * *", "Australia/Lord_Howe")
    assert local(half, datetime(2026, 10, 3, 0, tzinfo=UTC), 1) == ["10-04 02:30+1100"]


def test_a_time_that_comes_twice_fires_the_first_time() -> None:
    cron = Cron.parse("30 2 * * *", "Europe/Berlin")
    assert local(cron, datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]


def test_every_hour_is_every_hour_that_passes() -> None:
    cron = Cron.parse("0 * * * *", "Europe/Berlin")
    for day in (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 10, 24, 22, 30, tzinfo=UTC)):
        fires = list(islice(cron.after(day), 6))
        assert [b - a for a, b in pairwise(fires)] == [timedelta(hours=1)] * 5


def test_warnings_name_the_day_and_what_happens() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Cron.parse("30 2 * * *", "Europe/Berlin").warnings(now) == [
        "On 2026-03-29 the clock in Europe/Berlin leaps over 02:30: it fires at 03:00.",
        "On 2026-10-25 the clock in Europe/Berlin shows 02:30 twice: it fires the first time.",
    ]
    for calm in (Cron.parse("0 7 * * *", "Europe/Berlin"), Cron.parse("30 2 * * *", "Asia/Kathmandu")):
        assert calm.warnings(now) == []


@pytest.mark.parametrize(
    ("expression", "zone", "told"),
    [
        ("0 7 * *", "UTC", "has 4 fields, not five"),
        ("0 0 7 * * *", "UTC", "has 6 fields"),
        ("61 7 * * *", "UTC", "is wrong: bad minute"),
        ("0 7 * * MOO", "UTC", "is wrong: bad day-of-week"),
        ("0 0 31 2 *", "UTC", "never fires"),
        ("0 7 * * *", "Europe/Berlim", "no time zone 'Europe/Berlim'"),
        ("0 7 * * *", "../etc/passwd", "no time zone"),
        ("0 7 * * *", "", "no time zone"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(expression: str, zone: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        Cron.parse(expression, zone)


def test_a_leap_day_fires_in_leap_years() -> None:
    cron = Cron.parse("0 0 29 2 *", "UTC")
    assert [fire.year for fire in islice(cron.after(datetime(2026, 1, 1, tzinfo=UTC)), 2)] == [2028, 2032]
    assert ZoneInfo("UTC") == cron.zone
