"""``journeyman tasks``: look at tasks, and say something to them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.doubts import show_doubts
from journeyman.cli.exits import exit_of
from journeyman.cli.options import Json, Limit, NoWait
from journeyman.cli.output import say, show, show_json, show_json_line, show_table
from journeyman.cli.plans import show_plan

if TYPE_CHECKING:
    from journeyman.client import Client, Document
    from journeyman.settings import Settings

    Work = Callable[[Client], Awaitable[Document]]

app = typer.Typer(help="Look at tasks; cancel, pause, resume, answer, fork and retry them.", no_args_is_help=True)

TaskId = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]


class Status(StrEnum):
    """The statuses a task can have."""

    submitted = "submitted"
    working = "working"
    input_required = "input_required"
    completed = "completed"
    failed = "failed"
    canceled = "canceled"
    rejected = "rejected"


class Verdict(StrEnum):
    """What a person can say of a call in doubt."""

    happened = "happened"
    not_happened = "not_happened"
    skipped = "skipped"
    fail = "fail"


@app.command("list")
def list_tasks(
    ctx: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only those with this status.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only those of this agent.")] = None,
    thread: Annotated[str | None, typer.Option(help="Only those of this thread.")] = None,
    limit: Limit = 20,
    before: Annotated[str | None, typer.Option(metavar="CURSOR", help="Go on where the last page ended.")] = None,
    as_json: Json = False,
) -> None:
    """List tasks, newest first.

    \b
    Examples:
      journeyman tasks list
      journeyman tasks list --status input_required
      journeyman tasks list --limit 100 --json
    """
    which = {"status": status and status.value, "agent": agent, "thread_id": thread, "limit": limit, "before": before}
    run_async(_list(load_settings(ctx), which, as_json))


async def _list(settings: "Settings", which: dict[str, Any], as_json: bool) -> None:
    from journeyman.cli.cards import ago, standing
    from journeyman.cli.output import money
    from journeyman.connection import connect

    async with connect(settings) as client:
        page = await client.tasks(**which)
    if as_json:
        show_json(page["tasks"])
    else:
        show_table(
            ("ID", "STATUS", "AGE", "STEPS", "COST", "GOAL"),
            (
                (
                    t["id"],
                    standing(t),
                    ago(t["created_at"]),
                    t["usage"]["steps"],
                    money(t["usage"]["cost_usd"]),
                    t["goal"][:200],
                )
                for t in page["tasks"]
            ),
            wide="GOAL",
        )
    if page.get("next"):
        say(f"There are more: --before {page['next']}")


@app.command("show")
def show_task(
    ctx: typer.Context,
    task_id: TaskId,
    events: Annotated[bool, typer.Option("--events", help="Show its journal instead.")] = False,
    as_of: Annotated[int | None, typer.Option(metavar="SEQ", min=1, help="Show it as it was after this event.")] = None,
    as_json: Json = False,
) -> None:
    """Show one task. How it stands, what it waits for, what it spent, its steps, its answer and sources.

    \b
    Examples:
      journeyman tasks show task_01k2...
      journeyman tasks show task_01k2... --as-of 12
      journeyman tasks show task_01k2... --events
    """
    settings = load_settings(ctx)
    run_async(_show_events(settings, task_id, as_of, as_json) if events else _show(settings, task_id, as_of, as_json))


async def _show(settings: "Settings", task_id: str, as_of: int | None, as_json: bool) -> None:
    from journeyman.cli.cards import task_card
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        task = await task_named(client, task_id, as_of=as_of)
        steps = [] if as_json else await _steps(client, task_id, as_of)
    if as_json:
        show_json(task)
    else:
        show(task_card(task, steps))


async def _steps(client: "Client", task_id: str, as_of: int | None) -> list["Document"]:
    steps: list[Document] = (await client.steps(task_id))["steps"]
    return [step for step in steps if as_of is None or step["seq"] <= as_of]


async def _show_events(settings: "Settings", task_id: str, as_of: int | None, as_json: bool) -> None:
    from journeyman.cli.cards import event_line
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        events = [event async for event in _events(client, task_id) if as_of is None or event["seq"] <= as_of]
    if as_json:
        show_json(events)
        return
    for event in events:
        show(event_line(event))


async def _events(client: "Client", task_id: str) -> AsyncIterator["Document"]:
    after: int | None = 0
    while after is not None:
        page = await client.call("GET", f"/v1/tasks/{task_id}/events", params={"after": after})
        for event in page["events"]:
            yield event
        after = page["next"] if page["events"] else None


@app.command("artifacts")
def artifacts(
    ctx: typer.Context,
    task_id: TaskId,
    name: Annotated[str | None, typer.Argument(help="Save this one; without it they are listed.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", file_okay=False, help="Where to save; all, without NAME.")] = None,
    as_json: Json = False,
) -> None:
    """List or save the files that a task wrote. Saved files keep their path below the folder.

    \b
    Examples:
      journeyman tasks artifacts task_01k2...
      journeyman tasks artifacts task_01k2... report.md
      journeyman tasks artifacts task_01k2... --out results/
    """
    run_async(_artifacts(load_settings(ctx), task_id, name, out, as_json))


async def _artifacts(settings: "Settings", task_id: str, name: str | None, out: Path | None, as_json: bool) -> None:
    from journeyman.cli.files import save
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        found = (await client.artifacts(task_id))["artifacts"]
        if name is None and out is None:
            _list_artifacts(found, as_json)
            return
        names = [artifact["name"] for artifact in found] if name is None else [name]
        saved = [str(await save(client, task_id, one, out or Path())) for one in names]
    if as_json:
        show_json(saved)
        return
    for path in saved:
        show(path)


def _list_artifacts(found: list["Document"], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = ((a["name"], a["media_type"], f"{a['bytes']:,}", a["created_at"][:19]) for a in found)
    show_table(("NAME", "TYPE", "BYTES", "WRITTEN"), rows, wide="NAME")


@app.command("watch")
def watch_task(ctx: typer.Context, task_id: TaskId, as_json: Json = False) -> None:
    """Follow a task live. The exit code tells how it stands when it ends, or waits for a person.

    With `--json` each event is printed as one line of JSON.

    \b
    Examples:
      journeyman tasks watch task_01k2...
      journeyman tasks watch task_01k2... --json | jq .kind
    """
    raise typer.Exit(run_async(_watch(load_settings(ctx), task_id, as_json)))


async def _watch(settings: "Settings", task_id: str, as_json: bool) -> int:
    from journeyman.cli.lookup import task_named
    from journeyman.cli.watching import watch
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        return await (_print_events(client, task_id) if as_json else watch(client, task_id))


async def _print_events(client: "Client", task_id: str) -> int:
    await client.go_on(task_id)
    async for event in client.follow(task_id):
        show_json_line(event)
    return int(exit_of(await client.task(task_id)))


@app.command()
def cancel(
    ctx: typer.Context,
    task_id: TaskId,
    note: Annotated[str, typer.Option(help="Why; kept in its journal.")] = "",
    as_json: Json = False,
) -> None:
    """Cancel a task, also in the middle of a call.

    \b
    Examples:
      journeyman tasks cancel task_01k2... --note "wrong folder"
    """

    async def work(client: "Client") -> "Document":
        return await client.cancel(task_id, note=note)

    run_async(_tell(load_settings(ctx), task_id, work, as_json))


@app.command()
def pause(ctx: typer.Context, task_id: TaskId, as_json: Json = False) -> None:
    """Let a task rest before its next call.

    \b
    Examples:
      journeyman tasks pause task_01k2...
    """

    async def work(client: "Client") -> "Document":
        return await client.pause(task_id)

    run_async(_tell(load_settings(ctx), task_id, work, as_json))


@app.command()
def resume(ctx: typer.Context, task_id: TaskId, no_wait: NoWait = False, as_json: Json = False) -> None:
    """Let a paused task go on. Without a running `serve` it is worked on here.

    \b
    Examples:
      journeyman tasks resume task_01k2...
    """

    async def work(client: "Client") -> "Document":
        return await client.resume(task_id)

    raise typer.Exit(run_async(_set_going(load_settings(ctx), task_id, work, no_wait, as_json)))


app.command("plan")(show_plan)
app.command("doubts")(show_doubts)


@app.command("input")
def answer(
    ctx: typer.Context,
    task_id: TaskId,
    text: Annotated[str | None, typer.Argument(help="The answer to its question, or a remark.")] = None,
    call: Annotated[str | None, typer.Option(metavar="CALL", help="Which call in doubt the verdict is about.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="What became of the call in doubt.")] = None,
    result: Annotated[str | None, typer.Option(help="With `happened`: what the call returned.")] = None,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Tell a task something. An answer to its question, a remark, or what became of a call in doubt.

    \b
    Examples:
      journeyman tasks input task_01k2... "The one in Kiel."
      journeyman tasks input task_01k2... --call c_1 --verdict happened --result "sent as no. 17"
      journeyman tasks input task_01k2... --call c_1 --verdict not_happened
    """
    from journal.errors import InvalidInput

    given = {"text": text, "call_id": call, "verdict": verdict and verdict.value, "result": result}
    words = {name: value for name, value in given.items() if value is not None}
    if text is None and verdict is None:
        raise InvalidInput("There is nothing to tell the task.", hint="Give a text, or --call with --verdict.")

    async def work(client: "Client") -> "Document":
        return await client.input(task_id, words)

    raise typer.Exit(run_async(_set_going(load_settings(ctx), task_id, work, no_wait, as_json)))


@app.command()
def fork(
    ctx: typer.Context,
    task_id: TaskId,
    seq: Annotated[int, typer.Option(min=1, help="Copy the journal up to and including this event.")],
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Fork a task. The new one has a copy of its journal and goes on from there; the old one stays as it is.

    \b
    Examples:
      journeyman tasks show task_01k2... --events
      journeyman tasks fork task_01k2... --seq 12
    """

    async def work(client: "Client") -> "Document":
        return await client.fork(task_id, seq=seq)

    raise typer.Exit(run_async(_set_going(load_settings(ctx), task_id, work, no_wait, as_json)))


@app.command()
def retry(
    ctx: typer.Context,
    task_id: TaskId,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="A step of its plan, or a call, to run again.")] = None,
    seq: Annotated[int | None, typer.Option(min=1, help="Go on behind this event instead.")] = None,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Take up a task that failed or was canceled. The new one keeps what was done; effects are not repeated.

    
    Examples:
      journeyman tasks retry task_01k2...
      journeyman tasks retry task_01k2... --step s3
    """
    request = {name: value for name, value in {"step_id": step, "seq": seq}.items() if value is not None}

    async def work(client: "Client") -> "Document":
        return await client.retry(task_id, request)

    raise typer.Exit(run_async(_set_going(load_settings(ctx), task_id, work, no_wait, as_json)))


async def _tell(settings: "Settings", task_id: str, work: "Work", as_json: bool) -> None:
    from journeyman.cli.carry_on import show_standing
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        show_standing(await work(client), as_json=as_json)


async def _set_going(settings: "Settings", task_id: str, work: "Work", no_wait: bool, as_json: bool) -> int:
    from journeyman.cli.carry_on import carry_on
    from journeyman.cli.lookup import task_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        await task_named(client, task_id)
        task = await work(client)
        return await carry_on(client, task, no_wait=no_wait, as_json=as_json)
