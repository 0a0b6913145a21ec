"""``journeyman run GOAL``: submit a goal, show what happens, print the answer."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journal.errors import ConfigurationError, InvalidInput
from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import say, show
from journeyman.cli.stdin import stdin_text

if TYPE_CHECKING:
    from journeyman.client import Client
    from journeyman.settings import Settings

app = typer.Typer()


class Concurrency(StrEnum):
    """What becomes of a task, or of those before it, where its thread is busy."""

    enqueue = "enqueue"
    reject = "reject"
    interrupt = "interrupt"
    rollback = "rollback"


@app.command()
def run(
    ctx: typer.Context,
    goal: Annotated[str, typer.Argument(help="What to achieve; `-` reads it from standard input.")],
    docs: Annotated[
        Path | None, typer.Option(metavar="DIR", exists=True, help="Documents to read first; it recalls from them alone.")
    ] = None,
    context: Annotated[
        str, typer.Option(metavar="TEXT", help="What it should know besides; `-` reads it from standard input.")
    ] = "",
    attach: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="A file it gets; repeatable.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="A JSON Schema its answer must hold.")
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Agent profile.")] = None,
    tool: Annotated[list[str] | None, typer.Option(help="A tool it may use, a name or pattern; repeatable.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="A model it may ask; repeatable.")] = None,
    technique: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=VALUE]",
            help="For a better answer: chain_of_thought, self_consistency=5, ...; repeatable.",
        ),
    ] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=TOOLS", help="Texts that may decide what is done, with which tools; repeatable."),
    ] = None,
    revise_from_results: Annotated[
        bool,
        typer.Option(
            "--revise-from-results", help="Let a revised plan be made from what steps returned; its effects then ask."
        ),
    ] = False,
    max_cost_usd: Annotated[float | None, typer.Option(min=0, help="Most it may spend.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Most model turns.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens of all kinds.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0.001, help="Most time since it starts.")] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show the plan and the most it can cost, and let it wait for a look.")
    ] = False,
    yes_plan: Annotated[bool, typer.Option("--yes-plan", help="Show the plan, then carry it out.")] = False,
    thread: Annotated[str | None, typer.Option(metavar="NAME", help="The conversation it belongs to.")] = None,
    concurrency: Annotated[
        Concurrency | None, typer.Option(help="Where the thread is busy: wait, be refused, or cancel what is before it.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Print the task's id and leave it to `serve`.")] = False,
    as_json: Json = False,
) -> None:
    """Give Journeyman a goal and wait for the answer.

    The answer and its sources go to standard output, all else to standard error. With `serve` running the task runs
    there, otherwise in this process. Exit codes: 0 achieved, 1 failed or rejected, 2 usage or configuration, 3 waits for
    a person, 4 canceled, 130 interrupted.

    \b
    Examples:
      journeyman run "What is 17.5 % of 2480?"
      journeyman run --docs handbook/ "Which permits does a food stall need? Write them to permits.md."
      journeyman run --attach ports.csv --schema answer.json "Which port is the deepest?"
    """
    goal, context = _from_stdin(goal, context)
    from journeyman.cli.files import attachment, read_schema
    from journeyman.cli.grants import read_grant
    from journeyman.cli.techniques import read_techniques

    budget = {"max_cost_usd": max_cost_usd, "max_steps": max_steps, "max_tokens": max_tokens, "max_seconds": max_seconds}
    request = {
        "goal": goal,
        "context": context or None,
        "agent": agent,
        "tools": tool,
        "models": model,
        "budget": _given(budget),
        "attachments": [attachment(file) for file in attach or ()],
        "output_schema": None if schema is None else read_schema(schema),
        "plan_only": plan_only or yes_plan or None,
        "thread_id": thread,
        "concurrency": concurrency and concurrency.value,
        "techniques": read_techniques(technique or ()),
        "grants": [read_grant(one) for one in grant or ()],
        "revise_from_results": revise_from_results or None,
    }
    settings = load_settings(ctx)
    raise typer.Exit(run_async(_run(settings, _given(request), docs, yes_plan=yes_plan, detach=detach, as_json=as_json)))


async def _run(
    settings: "Settings", request: dict[str, Any], docs: Path | None, *, yes_plan: bool, detach: bool, as_json: bool
) -> int:
    from journeyman.cli.files import say_files
    from journeyman.cli.plans import look_first
    from journeyman.cli.watching import watch
    from journeyman.connection import connect
    from journeyman.home import serving

    if detach and serving(settings.home) is None:
        raise ConfigurationError(
            "--detach needs a running `serve`, and none runs on this home.",
            hint="Start `journeyman serve`, or leave out --detach.",
        )
    async with connect(settings) as client:
        if docs is not None:
            request["namespaces"] = [await _ingest(client, docs)]
        task = await client.submit(request)
        if detach:
            show(task["id"])
            return 0
        try:
            if request.get("plan_only"):
                code = await look_first(client, task["id"], go_on=yes_plan, as_json=as_json)
            else:
                code = await watch(client, task["id"], as_json=as_json)
            await say_files(client, settings.home, task["id"])
            return code
        except asyncio.CancelledError:
            _say_how_to_go_on(client, task["id"])
            raise


def _say_how_to_go_on(client: "Client", task_id: str) -> None:
    if client.local:
        say(f"\nInterrupted; nothing is lost. To go on: journeyman tasks watch {task_id}")
    else:
        say(f"\nThe task goes on in `serve`. To see it: journeyman tasks watch {task_id}")
        say(f"To end it: journeyman tasks cancel {task_id}")


async def _ingest(client: "Client", folder: Path) -> str:
    from journeyman.cli.documents import ingest
    from journeyman.documents import namespace_of

    namespace = namespace_of(folder)
    await ingest(client, folder, namespace)
    return namespace


def _from_stdin(goal: str, context: str) -> tuple[str, str]:
    if goal == context == "-":
        raise InvalidInput("Standard input can be the goal or the context, not both.")
    if "-" not in (goal, context):
        return goal, context
    text = stdin_text()
    return (text, context) if goal == "-" else (goal, text)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {}, [])}
