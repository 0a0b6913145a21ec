"""``journeyman schedules``: tasks that are submitted at set times."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.client import Client, Document
    from journeyman.settings import Settings

app = typer.Typer(help="Submit tasks at set times.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name or id.")]


class Overlap(StrEnum):
    """What a fire does that meets the task of an earlier one."""

    skip = "skip"
    queue = "queue"
    cancel_previous = "cancel_previous"


class CatchUp(StrEnum):
    """Which of the fires that were missed while nothing ran are made good."""

    none = "none"
    last = "last"
    all = "all"


@app.command()
def add(
    ctx: typer.Context,
    goal: Annotated[str, typer.Argument(metavar="GOAL", help="What each task shall do.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    cron: Annotated[str | None, typer.Option(help="Minute, hour, day of month, month, day of week.")] = None,
    start_at: Annotated[
        str | None, typer.Option(help="Once, at this time: ISO 8601, with its offset or in --timezone.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="An IANA name.")] = "UTC",
    agent: Annotated[str, typer.Option(help="The agent profile.")] = "default",
    overlap: Annotated[Overlap, typer.Option(help="When the task of an earlier fire is still under way.")] = Overlap.skip,
    catch_up: Annotated[CatchUp, typer.Option(help="Which missed fires are made good.")] = CatchUp.last,
    catch_up_limit: Annotated[int, typer.Option(help="At most so many, with --catch-up all.")] = 10,
    jitter_seconds: Annotated[int, typer.Option(help="Put each fire off by up to so long.")] = 0,
    paused: Annotated[bool, typer.Option("--paused", help="Do not fire before it is resumed.")] = False,
    as_json: Json = False,
) -> None:
    """Add a schedule, and show when it fires next.

    \b
    Examples:
      journeyman schedules add "Write the brief." --name brief --cron "0 7 * * 1-5" --timezone Europe/Berlin
      journeyman schedules add "Sum up the year." --name year-end --start-at 2030-12-31T18:00 --timezone Europe/Berlin
    """
    given = {
        "name": name,
        "goal": goal,
        "cron": cron,
        "start_at": start_at and _moment(start_at, timezone, "--start-at"),
        "timezone": timezone,
        "agent": agent,
        "overlap": overlap.value,
        "catch_up": catch_up.value,
        "catch_up_limit": catch_up_limit,
        "jitter_seconds": jitter_seconds,
        "paused": paused,
    }
    asked = {key: value for key, value in given.items() if value is not None}
    _with(load_settings(ctx), lambda client: _add(client, asked, as_json))


async def _add(client: "Client", asked: "Document", as_json: bool) -> None:
    _show(await client.add_schedule(asked), as_json)
    if client.local:
        say("It fires while `journeyman serve` or a beat runs; none runs now.")


@app.command("list")
def list_schedules(ctx: typer.Context, as_json: Json = False) -> None:
    """List the schedules, how they stand and when they fire next.

    \b
    Examples:
      journeyman schedules list
    """
    _with(load_settings(ctx), lambda client: _list(client, as_json))


async def _list(client: "Client", as_json: bool) -> None:
    from journeyman.cli.schedule_cards import next_fire, rhythm

    schedules = (await client.schedules())["schedules"]
    if as_json:
        show_json(schedules)
        return
    titles = ("NAME", "STATUS", "WHEN", "NEXT", "FAILURES", "GOAL")
    rows = ((s["name"], s["status"], rhythm(s), next_fire(s), s["failures"] or "", s["goal"]) for s in schedules)
    show_table(titles, rows, wide="GOAL")
    for schedule in schedules:
        for note in (*schedule["warnings"], *([schedule["why"]] if schedule["status"] == "resting" else [])):
            say(f"{schedule['name']}: {note}")


@app.command("show")
def show_schedule(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show a schedule: its next fires in its time zone and in UTC, and what became of the latest ones.

    \b
    Examples:
      journeyman schedules show brief
    """
    _with(load_settings(ctx), lambda client: _show_one(client, name, as_json))


async def _show_one(client: "Client", name: str, as_json: bool) -> None:
    from journeyman.cli.schedule_cards import schedule_card

    schedule = await _named(client, name)
    fires = (await client.schedule_fires(schedule["id"], limit=20))["fires"]
    if as_json:
        show_json({**schedule, "fires": fires})
    else:
        show(schedule_card(schedule, fires))


@app.command()
def pause(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Stop firing until resumed.

    \b
    Examples:
      journeyman schedules pause brief
    """
    _with(load_settings(ctx), lambda client: _set_paused(client, name, True, as_json))


@app.command()
def resume(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Fire again, from now on: what fell into the pause is not made good (`backfill` does that).

    \b
    Examples:
      journeyman schedules resume brief
    """
    _with(load_settings(ctx), lambda client: _set_paused(client, name, False, as_json))


async def _set_paused(client: "Client", name: str, paused: bool, as_json: bool) -> None:
    schedule = await _named(client, name)
    _show(await client.change_schedule(schedule["id"], paused=paused), as_json)


@app.command()
def remove(ctx: typer.Context, name: Name) -> None:
    """Remove a schedule; the tasks it made stay.

    \b
    Examples:
      journeyman schedules remove brief
    """
    _with(load_settings(ctx), lambda client: _remove(client, name))


async def _remove(client: "Client", name: str) -> None:
    schedule = await _named(client, name)
    await client.remove_schedule(schedule["id"])
    say(f"{schedule['name']} is removed.")


@app.command("run")
def run_now(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """Submit its task now; its fires go on as they would.

    \b
    Examples:
      journeyman schedules run brief
    """
    _with(load_settings(ctx), lambda client: _run(client, name, as_json))


async def _run(client: "Client", name: str, as_json: bool) -> None:
    task = await client.run_schedule((await _named(client, name))["id"])
    if as_json:
        show_json(task)
    else:
        show(task["id"])
    if client.local:
        say("It begins when `journeyman serve` or a worker runs; none runs now.")


@app.command()
def backfill(
    ctx: typer.Context,
    name: Name,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601; without an offset in the schedule's zone.")],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="The same; the range's end.")],
    as_json: Json = False,
) -> None:
    """Make the fires of a range of the past that have no task: one after the other, oldest first.

    \b
    Examples:
      journeyman schedules backfill brief --from 2026-11-02 --until 2026-11-06T23:59
    """
    _with(load_settings(ctx), lambda client: _backfill(client, name, since, until, as_json))


async def _backfill(client: "Client", name: str, since: str, until: str, as_json: bool) -> None:
    from journeyman.cli.schedule_cards import fire_line

    schedule = await _named(client, name)
    zone = schedule["timezone"]
    asked = {"since": _moment(since, zone, "--from"), "until": _moment(until, zone, "--until")}
    fires = (await client.backfill_schedule(schedule["id"], **asked))["fires"]
    if as_json:
        show_json(fires)
        return
    for fire in fires:
        show(fire_line(fire))
    say(f"{len(fires)} fires are queued." if fires else "Every fire of this range has its task already, or there is none.")


def _show(schedule: "Document", as_json: bool) -> None:
    from journeyman.cli.schedule_cards import schedule_card

    if as_json:
        show_json(schedule)
    else:
        show(schedule_card(schedule))


async def _named(client: "Client", name: str) -> "Document":
    from journeyman.cli.lookup import pick

    schedules = (await client.schedules())["schedules"]
    known = {schedule["name"]: schedule for schedule in schedules}
    return next((s for s in schedules if s["id"] == name), None) or pick("schedule", name, known)


def _moment(text: str, timezone: str, option: str) -> str:
    from agents.scheduling.cron import zone_named
    from journal.errors import InvalidInput

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{option} {text!r} is no time.", hint="Write it as 2030-12-31T18:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone_named(timezone))).isoformat()


def _with(settings: "Settings", work: "Callable[[Client], Awaitable[Any]]") -> None:
    async def connected() -> None:
        from journeyman.connection import connect

        async with connect(settings) as client:
            await work(client)

    run_async(connected())
