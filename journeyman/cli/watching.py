"""Following a task from the command line: show its steps, let the person at the terminal answer, and say how it ended."""

import asyncio
import sys
from typing import Any

from journeyman.cli.cards import approval_card, spent, ways_on
from journeyman.cli.exits import exit_of
from journeyman.cli.output import is_interactive, one_line, say, show, show_json
from journeyman.cli.progress import Progress
from journeyman.client import Client, Document


async def watch(client: Client, task_id: str, *, as_json: bool = False) -> int:
    """Follow a task until it ends or waits for a person that is not here; print how it stands; the exit code.

    Without a running ``serve`` it is worked on here. The Task document goes to stdout with ``as_json``, else the
    answer and its sources.
    """
    after = 0
    while True:
        await client.go_on(task_id)
        task = await until_rest(client, task_id, after)
        if task["status"] != "input_required" or not await _settled_here(client, task):
            break
        after = task["last_seq"]
    _report(task, as_json=as_json)
    return int(exit_of(task))


async def until_rest(client: Client, task_id: str, after: int) -> Document:
    """Show what happens until the task rests or ends; the task then."""
    with Progress() as progress:
        async for event in client.follow(task_id, after=after):
            progress.event(event)
    return await client.task(task_id)


async def _settled_here(client: Client, task: Document) -> bool:
    """Tell the person what the task waits for; ``True`` if they said what was needed there and then."""
    waiting = task["waiting"]
    if waiting["reason"] == "approval":
        pending = await client.approvals(task_id=task["id"], status="pending")
        settled = [await _decided_here(client, approval) for approval in pending["approvals"]]
        return bool(settled) and all(settled)
    if waiting.get("question"):
        say(f"\n{waiting['question']}")
    if waiting["reason"] == "input" and is_interactive():
        answer = await _ask("Answer: ")
        if answer.strip():
            await client.input(task["id"], {"text": answer})
            return True
    say(f"\nThe task waits ({waiting['reason']}). To go on:")
    for way in ways_on(task):
        say(f"  {way}")
    return False


async def _decided_here(client: Client, approval: Document) -> bool:
    say("\nThis needs your word:\n" + approval_card(approval))
    if is_interactive():
        answer = await _ask("Approve? [y/N] ")
        if answer:
            decision = "approve" if answer.strip().lower() in ("y", "yes") else "deny"
            await client.decide(approval["id"], {"decision": decision})
            return True
    say(f"\nTo go on:\n  journeyman approvals approve {approval['id']}\n  journeyman approvals deny {approval['id']}")
    return False


async def _ask(question: str) -> str:
    """A line from the terminal with its line break, empty where the input has ended.

    The event loop goes on meanwhile, so that Ctrl-C and heartbeats work.
    """
    sys.stderr.write(question)
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        loop.remove_reader(sys.stdin)
        if not line.done():
            line.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, read)
    try:
        return await line
    finally:
        loop.remove_reader(sys.stdin)


def _report(task: Document, *, as_json: bool) -> None:
    if as_json:
        show_json(task)
    elif task["answer"]:
        show(task["answer"])
        for line in _source_lines(task):
            show(line)
        _say_what_it_rests_on(task)
    _say_ending(task)


def _say_what_it_rests_on(task: Document) -> None:
    label = task.get("label")
    if label is not None and label["trust"] != "trusted":
        outside = [source for source in label["from"] if source not in ("user", "system")]
        say(one_line(f"The answer rests on text from outside: {', '.join(outside)}."))


def _source_lines(task: Document) -> list[str]:
    sources = [f"  {one_line(s['source'])}, {one_line(s['position'])}" for s in task["sources"]]
    return ["", "Sources:", *dict.fromkeys(sources)] if sources else []


def _say_ending(task: Document) -> None:
    error: dict[str, Any] = task["error"] or {}
    if error:
        say(f"Error: {error.get('detail') or error['title']}")
        if error.get("hint"):
            say(error["hint"])
    ending = f"{task['status']}: {task['outcome']}" if task["outcome"] else task["status"]
    say(f"{task['id']} {ending} ({spent(task['usage'])})")
