"""What happens to a task once somebody said something to it."""

from journeyman.cli.cards import standing
from journeyman.cli.exits import Exit
from journeyman.cli.output import show, show_json
from journeyman.client import Client, Document


async def carry_on(client: Client, task: Document, *, no_wait: bool, as_json: bool) -> int:
    """Leave the task to the running ``serve``; without one, work on it here until it rests or ends. The exit code."""
    if no_wait or not client.local or task["ended_at"]:
        show_standing(task, as_json=as_json)
        return Exit.ACHIEVED
    from journeyman.cli.watching import watch

    return await watch(client, task["id"], as_json=as_json)


def show_standing(task: Document, *, as_json: bool) -> None:
    """The task's id and how it stands, or with ``as_json`` the whole of it."""
    if as_json:
        show_json(task)
    else:
        show(f"{task['id']}\t{standing(task)}")
