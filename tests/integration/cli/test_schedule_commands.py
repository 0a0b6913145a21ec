"""``journeyman schedules``, with no ``serve`` running, and what starts and checks say of schedules."""

import pytest

from tests.integration.cli.conftest import Home

ADD = ("schedules", "add", "Write the brief.", "--name", "brief", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin")


async def test_a_schedule_from_its_making_to_its_end(home: Home) -> None:
    added = await home.run(*ADD)
    assert added.code == 0, added.err
    assert "02:30 Europe/Berlin (" in added.out
    assert " UTC)" in added.out
    assert "leaps over 02:30: it fires at 03:00" in added.out
    twice = await home.run(*ADD)
    assert (twice.code, "a schedule named brief already" in twice.err) == (2, True)
    [listed] = (await home.run("schedules", "list", "--json")).json
    assert (listed["name"], listed["status"], len(listed["next_fires"])) == ("brief", "active", 5)
    assert (await home.run("schedules", "pause", "brief", "--json")).json["status"] == "paused"
    assert (await home.run("schedules", "resume", "brief", "--json")).json["status"] == "active"
    task = (await home.run("schedules", "run", "brief", "--json")).json
    shown = (await home.run("schedules", "show", listed["id"], "--json")).json
    assert [fire["task_id"] for fire in shown["fires"]] == [task["id"]]
    unknown = await home.run("schedules", "remove", "breif")
    assert (unknown.code, "Did you mean brief?" in unknown.err) == (2, True)
    assert (await home.run("schedules", "remove", "brief")).code == 0
    assert (await home.run("schedules", "list", "--json")).json == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--cron", "0 25 * * *"), "bad hour"),
        (("--cron", "0 0 * * *", "--timezone", "Mars"), "no time zone 'Mars'"),
        (("--start-at", "2020-01-01T00:00"), "starts in the past"),
    ],
)
async def test_bad_input_is_one_sentence(home: Home, wrong: tuple[str, ...], told: str) -> None:
    done = await home.run("schedules", "add", "goal", "--name", "x", *wrong)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ('name = "a"\ncron = "99 * * * *"', "the schedule 'a': The cron '99 * * * *' is wrong"),
        ('name = "a"\nstart_at = 2020-01-01T00:00:00Z', "The schedule 'a' starts in the past"),
        (
            'name = "a"\ncron = "9 * * * *"\ngoal = "x"\n[[schedules]]\nname = "a"\ncron = "8 * * * *"',
            "two schedules named 'a'",
        ),
    ],
)
async def test_a_mistake_in_the_configuration_keeps_serve_from_starting(home: Home, schedule: str, told: str) -> None:
    home.configure(f'[[schedules]]\n{schedule}\ngoal = "x"\n')
    done = await home.run("serve", "--port", "0")
    assert done.code == 2
    assert told in done.err
