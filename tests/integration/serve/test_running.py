"""``run`` as a process: on its own and against ``serve``."""

import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Call, HttpError, Reply, Rule, When

Build = Callable[..., Awaitable[Any]]

LOOK = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),)))
SEND = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="send", args={"to": "Kiel"}),)))
WAIT = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="wait_for_file", args={"name": "go"}),)))
DONE = Rule(reply=Reply(text="All \x1b[31mdone."))


@pytest.fixture(params=["on its own", "against serve"])
async def place(request: pytest.FixtureRequest, build: Build) -> Build:
    """Makes a house in which ``run`` works by itself, or through a running ``serve``."""

    async def make(*rules: Rule) -> Any:
        house = await build(*rules)
        if request.param == "against serve":
            await house.serve()
        return house

    return make


async def test_the_answer_goes_to_stdout_and_the_steps_to_stderr(place: Build) -> None:
    house = await place(LOOK, DONE)
    ended = await house.run("run", "look it up")
    assert (ended.code, ended.out) == (0, "All \\x1b[31mdone.\n")
    assert "lookup Kiel -> found Kiel" in ended.err
    assert "completed: achieved" in ended.err


async def test_json_prints_the_task_alone(place: Build) -> None:
    house = await place(LOOK, DONE)
    ended = await house.run("run", "look it up", "--json", "--max-steps", "7")
    task = json.loads(ended.out)
    assert (task["status"], task["goal"], task["budget"]["max_steps"]) == ("completed", "look it up", 7)


async def test_goal_and_context_come_from_standard_input(place: Build) -> None:
    house = await place(DONE)
    goal = await house.run("run", "-", "--json", stdin="the goal\n")
    assert json.loads(goal.out)["goal"] == "the goal"
    context = await house.run("run", "a goal", "--context", "-", stdin="The harbour is Kiel's.")
    assert context.code == 0
    assert "The harbour is Kiel's." in json.dumps(house.stub.requests[-1].body)
    assert (await house.run("run", "-", "--context", "-", stdin="both")).code == 2


async def test_a_task_that_fails_exits_1_and_says_why(place: Build) -> None:
    house = await place(Rule(error=HttpError(status=401, message="no such key")))
    ended = await house.run("run", "anything")
    assert (ended.code, ended.out) == (1, "")
    assert "Error: " in ended.err


async def test_an_effect_asks_exactly_what_it_would_do_and_exits_3(place: Build) -> None:
    house = await place(SEND, DONE)
    ended = await house.run("run", "send it")
    assert ended.code == 3
    assert "send" in ended.err
    assert 'to = "Kiel"' in ended.err
    assert "journeyman approvals approve " in ended.err
    approve = next(line for line in ended.err.splitlines() if "approvals approve" in line).split()[1:]
    assert not (house.tools / "sent").exists()
    approved = await house.run(*approve)
    assert approved.code == 0
    await house.until((house.tools / "sent").exists)
    assert (house.tools / "sent").read_text() == "Kiel\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a goal", "--model", "none-such"], "none-such"),
        (["a goal", "--tool", "none-such"], "none-such"),
        (["a goal", "--agent", "none-such"], "none-such"),
        (["a goal", "--max-steps", "0"], "--max-steps"),
        (["a goal", "--docs", "no-such-folder"], "no-such-folder"),
        (["   "], "goal"),
        ([], "goal"),
    ],
)
async def test_what_cannot_be_meant_exits_2(place: Build, arguments: list[str], said: str) -> None:
    house = await place(DONE)
    ended = await house.run("run", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not house.stub.requests


async def test_documents_are_read_first_and_the_task_recalls_from_them_alone(place: Build) -> None:
    recall = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="recall", args={"query": "berth fee"}),)))
    house = await place(recall, DONE)
    for name, fee in (("north", "17 euros"), ("south", "99 euros")):
        (house.root / name).mkdir()
        (house.root / name / "fees.md").write_text(f"# Fees\n\nThe berth fee is {fee} a night.\n")
    other = await house.run("run", "fee?", "--docs", "south")
    assert other.code == 0, other.err
    assert "99 euros" in json.dumps(house.stub.requests[-1].body)
    ended = await house.run("run", "fee?", "--docs", "north")
    assert ended.code == 0
    assert "fees.md" in ended.out
    assert "1 new or changed" in ended.err
    seen = json.dumps(house.stub.requests[-1].body)
    assert "17 euros" in seen
    assert "99 euros" not in seen
    again = await house.run("run", "fee?", "--docs", "north")
    assert "0 new or changed" in again.err
    (house.root / "north" / "fees.md").unlink()
    (house.root / "north" / "more.md").write_text("The crane fee is 5 euros.\n")
    changed = await house.run("run", "fee?", "--docs", "north")
    assert "1 new or changed, 1 removed" in changed.err


async def test_detach_without_serve_exits_2_and_does_nothing(build: Build) -> None:
    house = await build(DONE)
    ended = await house.run("run", "a goal", "--detach")
    assert (ended.code, ended.out) == (2, "")
    assert "serve" in ended.err
    assert not house.stub.requests


async def test_detach_prints_the_id_of_a_task_that_serve_runs(build: Build) -> None:
    house = await build(LOOK, DONE)
    served = await house.serve()
    ended = await house.run("run", "a goal", "--detach")
    assert ended.code == 0
    assert (await served.until_ended(ended.out.strip()))["status"] == "completed"


async def test_a_canceled_task_exits_4(build: Build) -> None:
    house = await build(WAIT, DONE)
    served = await house.serve()
    running = await house.start("run", "wait", "--json")
    await house.until((house.tools / "waiting").exists)
    (task,) = (await served.call("GET", "/v1/tasks"))["tasks"]
    await served.call("POST", f"/v1/tasks/{task['id']}/cancel")
    ended = await house.ended(running)
    assert (ended.code, json.loads(ended.out)["status"]) == (4, "canceled")


async def test_an_interrupted_run_hands_its_task_back_and_says_how_to_go_on(build: Build) -> None:
    house = await build(WAIT, DONE)
    running = await house.start("run", "wait")
    await house.until((house.tools / "waiting").exists)
    running.send_signal(signal.SIGINT)
    interrupted = await house.ended(running)
    assert (interrupted.code, interrupted.out) == (130, ""), interrupted.err
    command = next(line for line in interrupted.err.splitlines() if "journeyman tasks watch" in line)
    (house.tools / "go").touch()
    ended = await house.run(*command[command.index("journeyman") :].split()[1:])
    assert ended.code == 0
    assert "done" in ended.out


async def test_interrupting_a_run_against_serve_leaves_the_task_alone(build: Build) -> None:
    house = await build(WAIT, DONE)
    served = await house.serve()
    running = await house.start("run", "wait")
    await house.until((house.tools / "waiting").exists)
    running.send_signal(signal.SIGINT)
    interrupted = await house.ended(running)
    assert interrupted.code == 130
    assert "goes on in `serve`" in interrupted.err
    (house.tools / "go").touch()
    (task,) = (await served.call("GET", "/v1/tasks"))["tasks"]
    assert (await served.until_ended(task["id"]))["status"] == "completed"


async def test_a_second_run_that_needs_the_memory_names_its_owner(build: Build) -> None:
    recall = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="recall", args={"query": "x"}),)))
    house = await build(recall, Rule(when=When(tool_results=1), reply=WAIT.reply), DONE)
    (house.root / "notes").mkdir()
    (house.root / "notes" / "a.md").write_text("A note.\n")
    first = await house.start("run", "wait", "--docs", "notes")
    await house.until((house.tools / "waiting").exists)
    second = await house.run("run", "more", "--docs", "notes")
    assert second.code == 2
    assert str(first.pid) in second.err
