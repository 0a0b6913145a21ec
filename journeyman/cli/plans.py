"""Plans at the command line: ``tasks plan``, and the look that ``run --plan-only`` takes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journal.errors import InvalidInput
from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import exit_of
from journeyman.cli.options import Json
from journeyman.cli.output import money, one_line, say, show, show_json

if TYPE_CHECKING:
    from journeyman.client import Client, Document
    from journeyman.settings import Settings


def show_plan(
    ctx: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.")],
    edit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Put the plan in this JSON file in its place."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a task's plan, how far it is, and the most it can cost; with --edit, change one that waits.

    What `--json` prints can be edited and given back.

    \b
    Examples:
      journeyman tasks plan task_01k2...
      journeyman tasks plan task_01k2... --json > plan.json
      journeyman tasks plan task_01k2... --edit plan.json
    """
    run_async(_plan(load_settings(ctx), task_id, None if edit is None else _read(edit), as_json))


async def look_first(client: "Client", task_id: str, *, go_on: bool, as_json: bool) -> int:
    """Let the plan be made and show it; with ``go_on`` carry it out, else leave it waiting. The exit code."""
    from journeyman.cli.watching import until_rest, watch

    await client.go_on(task_id)
    task = await until_rest(client, task_id, 0)
    waiting = task["waiting"]
    if waiting is None or waiting["reason"] != "paused":
        return await watch(client, task_id, as_json=as_json)
    plan = await client.plan(task_id)
    if go_on:
        say(plan_card(plan))
        await client.resume(task_id)
        return await watch(client, task_id, as_json=as_json)
    if as_json:
        show_json({"task": task, "plan": plan})
    else:
        show(plan_card(plan))
    say(f"\nTo change it: journeyman tasks plan {task_id} --edit FILE\nTo carry it out: journeyman tasks resume {task_id}")
    return int(exit_of(task))


def plan_card(plan: Mapping[str, Any]) -> str:
    """A plan in lines: each step with its state, then the answer and the worst case."""
    return "\n".join(_lines(plan))


def _lines(plan: Mapping[str, Any]) -> Iterator[str]:
    for step in plan["steps"]:
        yield f"{step['id']}  [{plan['states'][step['id']]}]  {one_line(_does(step))}"
        for key in ("for_each", "when", "after"):
            if key in step:
                yield f"    {key.replace('_', ' ')} {one_line(_compact(step[key]))}"
    if plan["answer"].get("text"):
        yield f"answer  {one_line(plan['answer']['text'])}"
    cost = plan["cost"]
    calls = f"{cost['tool_calls']} tool calls and {cost['model_calls']} model calls"
    yield f"At most {calls} for {money(cost['cost_usd'])}, the planning apart."


def _does(step: Mapping[str, Any]) -> str:
    if "extract" in step:
        return f"extract from {step['extract']['from']}: {step['extract']['ask']}"
    if "delegate" in step:
        return f"delegate: {step['delegate']['goal']}"
    return f"{step.get('tool', '')} {_compact(step.get('args', {}))}"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


async def _plan(settings: "Settings", task_id: str, given: "Document | None", as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        plan = await client.plan(task_id) if given is None else await client.edit_plan(task_id, given)
    if as_json:
        show_json(plan)
    else:
        show(plan_card(plan))


def _read(file: Path) -> dict[str, Any]:
    """The plan in a file; what only a printed plan has is left out. Raises ``InvalidInput``."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InvalidInput(f"{file} cannot be read as JSON: {error}.") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"{file} must hold an object with `steps` and `answer`.")
    return {key: value for key, value in given.items() if key not in ("version", "states", "cost")}
