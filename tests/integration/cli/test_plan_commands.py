"""``run --plan-only``, ``--yes-plan`` and ``tasks plan``: alike with `serve` running and without."""

import json

from journeyman.testing import Call, Reply, Rule, When
from tests.integration.cli.conftest import Build

PLAN = {"steps": [{"id": "s1", "tool": "lookup", "args": {"q": "Kiel"}}], "answer": {"text": "It is {$s1}."}}
RULE = Rule(reply=Reply(calls=(Call(tool="submit_plan", args=PLAN),)))


async def test_a_plan_is_shown_changed_and_carried_out(world: Build) -> None:
    home = await world(RULE)
    shown = await home.run("run", "where is Kiel?", "--plan-only", "--json")
    assert shown.code == 3, shown.err
    task_id, plan = shown.json["task"]["id"], shown.json["plan"]
    assert (plan["steps"], plan["states"], plan["version"]) == (PLAN["steps"], {"s1": "open"}, 1)
    assert plan["cost"]["tool_calls"] == 1
    card = await home.run("tasks", "plan", task_id)
    assert card.out.splitlines()[0] == 's1  [open]  lookup {"q": "Kiel"}'
    file = home.work / "plan.json"
    file.write_text(json.dumps(plan).replace("Kiel", "Bonn"))
    changed = await home.run("tasks", "plan", task_id, "--edit", "plan.json", "--json")
    assert (changed.json["version"], changed.json["steps"][0]["args"]) == (2, {"q": "Bonn"})
    await home.run("tasks", "resume", task_id)
    task = await home.run("tasks", "watch", task_id)
    assert (task.code, task.out.splitlines()[0]) == (0, "It is found Bonn.")


async def test_yes_plan_shows_the_plan_and_goes_on(world: Build) -> None:
    home = await world(RULE)
    done = await home.run("run", "where is Kiel?", "--yes-plan")
    assert (done.code, done.out.splitlines()[0]) == (0, "It is found Kiel.")
    assert 's1  [open]  lookup {"q": "Kiel"}' in done.err


async def test_a_child_task_is_worked_on_too(world: Build) -> None:
    delegating = {"steps": [{"id": "s1", "delegate": {"goal": "Say hello."}}], "answer": {"text": "It said: {$s1}"}}
    plan = Reply(calls=(Call(tool="submit_plan", args=delegating),))
    home = await world(Rule(when=When(text="^Delegate it"), reply=plan), Rule(reply=Reply(text="hello")))
    done = await home.run("run", "Delegate it", "--yes-plan")
    assert (done.code, done.out.splitlines()[0]) == (0, "It said: hello"), done.err


async def test_mistakes_are_told(world: Build) -> None:
    home = await world(RULE)
    task_id = (await home.run("run", "where is Kiel?", "--plan-only", "--json")).json["task"]["id"]
    file = home.work / "plan.json"
    for text, said in (
        ("[", "cannot be read as JSON"),
        ("[]", "must hold an object"),
        ('{"steps": [{"id": "x"}]}', "x: a step has"),
    ):
        file.write_text(text)
        wrong = await home.run("tasks", "plan", task_id, "--edit", "plan.json")
        assert wrong.code != 0
        assert said in wrong.err
