"""A plan whose worker dies behind any of its commits goes on from there: nothing that was done is done again."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

from agents.requests import InputRequest
from agents.runtime import Runtime
from journal.plans import step_of
from journal.store import Journal
from journal.values import Status, WaitingReason
from journeyman.testing import Rule, StoppingJournal, When
from tests.integration.agents.conftest import World
from tests.integration.agents.test_plans import lookup, plans, values

Build = Callable[..., Awaitable[World]]

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def jot(step: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": step, "tool": "jot", "args": {"text": text}, **more}


TWELVE = [
    lookup("a1", "a1"),
    lookup("a2", "a2 {$a1}"),
    jot("a3", "a3 {$a2}"),
    {"id": "b1", "extract": {"from": "$a1", "ask": "the city", "schema": CITY}},
    jot("b2", "b2 {$b1.city}"),
    {"id": "c1", "tool": "rows", "args": {"n": 3}},
    jot("c2", "c2 {$row.id}", for_each={"in": "$c1.rows", "as": "row"}),
    lookup("c3", "c3", when={"ref": "$c1.rows", "op": "empty"}),
    {"id": "d1", "tool": "broken", "args": {"q": "$a1"}},
    jot("d2", "d2 {$d1}"),
    lookup("d3", "d3 {$d2} {$b1.city}"),
    jot("e1", "e1 {$d3}", after=["c2"]),
]
MENDED = [lookup("d1", "d1 again"), jot("d2", "d2 {$d1}"), lookup("e1", "e1 {$d2}", after=["c2"])]

RULES = (
    Rule(when=When(text="Find: the city"), reply=values(city="Kiel")),
    Rule(when=When(text="The plan cannot go on"), reply=plans(*MENDED, tool="revise_plan")),
    Rule(reply=plans(*TWELVE, text="{$e1} {$a3} {$b2} {$c2}")),
)
ANSWER = 'found e1 jotted jotted jotted ["jotted","jotted","jotted"]'
EFFECTS = Counter(
    {
        "jot a3 found a2 found a1": 1,
        "jot b2 Kiel": 1,
        "jot c2 0": 1,
        "jot c2 1": 1,
        "jot c2 2": 1,
        "jot d2 found d1 again": 1,
    }
)


def stopping_at(runtime: Runtime, commit: int) -> tuple[Runtime, StoppingJournal]:
    """The same runtime over a journal that stops."""
    journal = StoppingJournal(runtime.journal, commit)
    return (
        Runtime(
            runtime.settings,
            database=runtime.database,
            journal=cast(Journal, journal),
            memory=runtime.memory,
            tools=runtime.tools,
            models=runtime.models,
            surroundings=runtime.surroundings,
        ),
        journal,
    )


async def recorded(w: World, task_id: str) -> set[str]:
    """The steps whose calls have a result in the journal."""
    return {step_of(e.call_id) for e in await w.events(task_id, "tool.completed")}


async def drive_to_the_end(w: World, task_id: str) -> str | None:
    """Go on, and say of effects in doubt what can be seen of them."""
    record = await w.runtime.journal.record("default", task_id)
    if not record.status.ended:
        record = await w.drive(task_id)
    while record.waiting is not None:
        assert record.waiting.reason is WaitingReason.IN_DOUBT
        state = await w.runtime.state("default", task_id)
        for call_id in record.waiting.calls:
            line = f"jot {state.calls[call_id].call.args['text']}"
            verdict = "happened" if line in w.witnessed else "not_happened"
            word = InputRequest.model_validate({"call_id": call_id, "verdict": verdict, "result": "jotted"})
            await w.runtime.input("default", task_id, word, by="ann")
        record = await w.drive(task_id)
    assert record.status is Status.COMPLETED
    return record.answer


async def test_a_plan_goes_on_from_every_commit(world: Build) -> None:
    w = await world(*RULES)
    commit = 0
    stopped = True
    while stopped:
        commit += 1
        (w.folder / "witness").unlink(missing_ok=True)
        runtime, journal = stopping_at(w.runtime, commit)
        task_id = await w.submit(planner="plan")
        await runtime.drive(task_id)
        stopped = journal.stopped
        done, before = await recorded(w, task_id), Counter(w.witnessed)
        assert await drive_to_the_end(w, task_id) == ANSWER, f"stopped at commit {commit}"
        seen = Counter(w.witnessed)
        assert {line: n for line, n in seen.items() if line.startswith("jot")} == EFFECTS, f"stopped at commit {commit}"
        again = {line.split()[1] for line in seen if seen[line] > before[line] > 0}
        assert not again & done, f"stopped at commit {commit}"
        [revised] = await w.events(task_id, "plan.revised")
        assert revised.dropped == ("d1", "d2", "d3", "e1")
    assert commit > 12
