"""``journeyman approvals``: see what waits for a person's word, and give it."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json, NoWait
from journeyman.cli.output import say, show, show_json

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings

app = typer.Typer(help="See what waits for your word, and give it.", no_args_is_help=True)

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="The approval's id.")]
Note = Annotated[str, typer.Option(help="Why; kept in the journal, and told to the model when you deny.")]


class Which(StrEnum):
    """What can have become of an approval."""

    pending = "pending"
    approved = "approved"
    denied = "denied"
    expired = "expired"
    void = "void"


@app.command("list")
def list_approvals(
    ctx: typer.Context,
    status: Annotated[Which | None, typer.Option(help="Only these [default: pending; of one task, all].")] = None,
    task: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this task.")] = None,
    as_json: Json = False,
) -> None:
    """List approvals with everything that would be done: each call, its arguments, and where these came from.

    \b
    Examples:
      journeyman approvals list
      journeyman approvals list --task task_01k2... --json
    """
    run_async(_list(load_settings(ctx), status and status.value, task, as_json))


async def _list(settings: "Settings", status: str | None, task_id: str | None, as_json: bool) -> None:
    from journeyman.cli.cards import approval_card
    from journeyman.connection import connect

    async with connect(settings) as client:
        approvals = (await client.approvals(status=status, task_id=task_id))["approvals"]
    if as_json:
        show_json(approvals)
    elif approvals:
        show("\n\n".join(approval_card(approval) for approval in approvals))
    else:
        say("There are none." if status or task_id else "Nothing waits for your word.")


@app.command("show")
def show_approval(ctx: typer.Context, approval_id: ApprovalId, as_json: Json = False) -> None:
    """Show one approval: exactly what would be done.

    \b
    Examples:
      journeyman approvals show appr_01k2...
    """
    run_async(_show(load_settings(ctx), approval_id, as_json))


async def _show(settings: "Settings", approval_id: str, as_json: bool) -> None:
    from journeyman.cli.cards import approval_card
    from journeyman.cli.lookup import approval_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        approval = await approval_named(client, approval_id)
    if as_json:
        show_json(approval)
    else:
        show(approval_card(approval))


@app.command()
def approve(
    ctx: typer.Context,
    approval_id: ApprovalId,
    note: Note = "",
    edit: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Approve with these arguments instead: of its one call, or by step id."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help="Approve this call alone and refuse the others; may be repeated.")
    ] = None,
    for_task: Annotated[
        bool, typer.Option("--for-task", help="And all calls like these in this task; only content and time may differ.")
    ] = False,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Let the calls be made. Without a running `serve` the task is carried on here.

    \b
    Examples:
      journeyman approvals approve appr_01k2...
      journeyman approvals approve appr_01k2... --only s2
      journeyman approvals approve appr_01k2... --edit '{"path": "notes.txt", "text": "shorter"}'
    """
    decision: dict[str, Any] = {"decision": "approve", "note": note, "scope": "task" if for_task else "once"}
    if only and edit is not None:
        from journal.errors import InvalidInput

        raise InvalidInput("--only and --edit do not go together.", hint="Approve some calls, or change arguments.")
    if only:
        decision["calls"] = only
    raise typer.Exit(run_async(_decide(load_settings(ctx), approval_id, decision, edit, no_wait, as_json)))


@app.command()
def deny(ctx: typer.Context, approval_id: ApprovalId, note: Note = "", no_wait: NoWait = False, as_json: Json = False) -> None:
    """Refuse the calls; the task goes on without them and is told your note.

    \b
    Examples:
      journeyman approvals deny appr_01k2... --note "not to that address"
    """
    decision: dict[str, Any] = {"decision": "deny", "note": note}
    raise typer.Exit(run_async(_decide(load_settings(ctx), approval_id, decision, None, no_wait, as_json)))


async def _decide(
    settings: "Settings", approval_id: str, decision: dict[str, Any], edit: str | None, no_wait: bool, as_json: bool
) -> int:
    from journeyman.cli.carry_on import carry_on
    from journeyman.cli.lookup import approval_named
    from journeyman.connection import connect

    async with connect(settings) as client:
        approval = await approval_named(client, approval_id)
        if edit is not None:
            decision |= {"decision": "edit", "calls": edited_calls(approval, edit)}
        decided = await client.decide(approval_id, decision)
        say(f"{decided['id']} is {decided['status']}.")
        task = await client.task(decided["task_id"])
        return await carry_on(client, task, no_wait=no_wait, as_json=as_json)


def edited_calls(approval: "Document", edit: str) -> dict[str, Any]:
    """Step ids with the arguments to use instead. Raises ``InvalidInput`` for what is not JSON or names no call."""
    from journal.errors import InvalidInput

    try:
        given = json.loads(edit)
    except ValueError as error:
        raise InvalidInput(f"--edit is not JSON: {error}.", hint="""Write it like '{"path": "notes.txt"}'.""") from None
    steps = [call["step_id"] for call in approval["calls"]]
    if isinstance(given, dict) and given and all(name in steps and isinstance(args, dict) for name, args in given.items()):
        return given
    if isinstance(given, dict) and len(steps) == 1:
        return {steps[0]: given}
    raise InvalidInput("--edit must be an object of step ids with their arguments.", hint=f"The steps are {', '.join(steps)}.")
