"""Plans from the model's call to the answer: what runs at once, what is skipped, what a failure changes, where labels go."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.requests import BudgetRequest, Decision, InputRequest
from journal.records import TaskRecord
from journal.values import Outcome, Status, WaitingReason
from journeyman.testing import Call, Reply, Rule, When
from tests.integration.agents.conftest import World, says, until

Build = Callable[..., Awaitable[World]]


def plans(
    *steps: dict[str, Any], text: str | None = None, sources: list[str] | None = None, tool: str = "submit_plan"
) -> Reply:
    answer = {name: value for name, value in (("text", text), ("from", sources)) if value is not None}
    args: dict[str, Any] = {"steps": list(steps)}
    return Reply(calls=(Call(tool=tool, args=args | ({"answer": answer} if answer else {})),))


def values(**value: Any) -> Reply:
    return Reply(calls=(Call(tool="submit_value", args=value),))


def lookup(step: str, q: str, **more: Any) -> dict[str, Any]:
    return {"id": step, "tool": "lookup", "args": {"q": q}, **more}


async def run(w: World, goal: str = "do it", **fields: Any) -> TaskRecord:
    return await w.run(goal, planner="plan", **fields)


async def test_a_plan_runs_and_its_answer_is_filled_in(world: Build) -> None:
    w = await world(Rule(reply=plans(lookup("s1", "Kiel"), lookup("s2", "{$s1}!"), text="It is: {$s2}.")))
    record = await run(w)
    assert (record.status, record.outcome, record.answer) == (Status.COMPLETED, Outcome.ACHIEVED, "It is: found found Kiel!.")
    assert w.witnessed == ["lookup Kiel", "lookup found Kiel!"]
    assert len(w.stub.requests) == 1
    assert w.stub.requests[0].tools == ("submit_plan",)
    kinds = await w.kinds(record.id)
    assert [kind for kind in kinds if kind.startswith(("plan", "tool", "step"))] == ["plan.created", *["tool.completed"] * 2]
    [created] = await w.events(record.id, "plan.created")
    assert created.prompt_version == "plan_v1"


async def test_independent_steps_run_at_once(world: Build) -> None:
    step = {"tool": "meet"}
    w = await world(
        Rule(
            reply=plans(
                {"id": "a", **step, "args": {"name": "x"}}, {"id": "b", **step, "args": {"name": "y"}}, text="{$a}{$b}"
            )
        )
    )
    assert (await run(w)).answer == "xy"


async def test_a_step_starts_when_what_it_needs_is_there_though_others_still_run(world: Build) -> None:
    w = await world(
        Rule(
            reply=plans(
                {"id": "slow", "tool": "wait_for_file", "args": {"name": "go"}},
                lookup("s1", "one"),
                lookup("s2", "{$s1} two"),
                text="{$s2} {$slow}",
            )
        )
    )
    running = asyncio.create_task(run(w))
    await until(lambda: "lookup found one two" in w.witnessed)
    (w.folder / "go").touch()
    assert (await running).answer == "found found one two go"


async def test_what_a_tool_returns_never_enters_the_planners_context(world: Build) -> None:
    w = await world(
        Rule(times=1, reply=plans(lookup("s1", "poison"), {"id": "s2", "tool": "broken", "args": {"q": "$s1"}}, text="{$s2}")),
        Rule(reply=plans(text="I could not.", tool="revise_plan")),
    )
    record = await run(w)
    assert record.answer == "I could not."
    told = str(w.stub.requests[1].body)
    assert "poison" not in told.replace('"poison"', "").replace('\\\\"poison', "").split("The plan cannot")[1]
    assert "no such thing" not in told
    assert "s1: completed, a text of 12 characters" in told
    assert "s2: failed, ToolError" in told


async def test_values_carry_the_labels_of_what_they_were_made_from(world: Build) -> None:
    w = await world(
        Rule(
            reply=plans(
                lookup("s1", "Ann"),
                {"id": "s2", "tool": "calculate", "args": {"expression": "1 + 1"}},
                {"id": "s3", "tool": "send", "args": {"to": "$s1", "text": "sum {$s2}"}},
                text="sent",
            )
        )
    )
    record = await run(w)
    [approval] = await w.runtime.approvals("default")
    [call] = approval.calls
    assert call.args == {"to": "found Ann", "text": "sum 2"}
    assert call.labels["to"].sources == ("tool:lookup",)
    assert call.labels["to"].trust == "untrusted"
    assert call.labels["text"].trust == "trusted"
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    ended = await w.drive(record.id)
    assert ended.answer == "sent"
    assert ended.label is not None
    assert ended.label.trust == "trusted"
    assert w.witnessed == ["lookup Ann", "send found Ann sum 2"]


async def test_effects_known_up_front_are_asked_for_at_once(world: Build) -> None:
    send = {"tool": "send"}
    w = await world(
        Rule(
            reply=plans(
                {"id": "s1", **send, "args": {"to": "a", "text": "1"}},
                {"id": "s2", **send, "args": {"to": "b", "text": "2"}, "after": ["s1"]},
                {"id": "s3", **send, "args": {"to": "c", "text": "$s2"}},
                text="done",
            )
        )
    )
    record = await run(w)
    [approval] = await w.runtime.approvals("default")
    assert [call.step_id for call in approval.calls] == ["s1", "s2"]
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    await w.drive(record.id)
    [second] = await w.runtime.approvals("default")
    assert [call.args["text"] for call in second.calls] == ["sent"]
    await w.runtime.decide("default", second.id, Decision(decision="approve"), by="ann")
    assert (await w.drive(record.id)).answer == "done"
    assert w.witnessed == ["send a 1", "send b 2", "send c sent"]


async def test_an_extraction_sees_the_text_and_nothing_else(world: Build) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    w = await world(
        Rule(
            times=1,
            reply=plans(
                lookup("s1", "Kiel"),
                {"id": "s2", "extract": {"from": "$s1", "ask": "the city", "schema": schema}},
                {"id": "s3", "tool": "send", "args": {"to": "$s2.city", "text": "hi"}},
                text="{$s2.city}",
            ),
        ),
        Rule(when=When(text="Find: the city"), times=1, reply=values(city=7)),
        Rule(reply=values(city="Kiel")),
    )
    record = await run(w, "a secret goal")
    asked = w.stub.requests[1]
    assert asked.tools == ("submit_value",)
    assert "secret goal" not in str(asked.body)
    assert "found Kiel" in asked.text
    assert "not of type 'string'" in w.stub.requests[2].text
    [completed] = await w.events(record.id, "step.completed")
    assert completed.value == {"city": "Kiel"}
    [approval] = await w.runtime.approvals("default")
    assert approval.calls[0].labels["to"].trust == "untrusted"


async def test_a_schema_that_is_not_met_fails_the_step_and_the_task_says_so(world: Build) -> None:
    never = {"type": "integer", "minimum": 2}
    w = await world(
        Rule(
            times=1,
            reply=plans(
                lookup("s1", "x"), {"id": "s2", "extract": {"from": "$s1", "ask": "a number", "schema": never}}, text="{$s2}"
            ),
        ),
        Rule(when=When(text="Find|fit"), reply=values(value=1)),
        says("I have no other plan."),
    )
    record = await run(w)
    [failed] = await w.events(record.id, "step.failed")
    assert failed.error == "schema_unmet"
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.GAVE_UP)
    assert record.error is not None
    assert "s2: schema_unmet" in record.error.detail


async def test_a_condition_that_does_not_hold_skips_the_step_and_what_needs_it(world: Build) -> None:
    w = await world(
        Rule(
            times=1,
            reply=plans(
                {"id": "s1", "tool": "calculate", "args": {"expression": "40 + 2"}},
                lookup("s2", "a", when={"ref": "$s1", "op": "eq", "value": "41"}),
                lookup("s3", "{$s2} b"),
                lookup("s4", "c", after=["s2"]),
                text="{$s3}",
                sources=["s4"],
            ),
        ),
        says("There was no b."),
    )
    record = await run(w)
    assert [(s.step_id, s.why) for s in await w.events(record.id, "step.skipped")] == [
        ("s2", "its condition does not hold"),
        ("s3", "s2 was skipped"),
    ]
    assert w.witnessed == ["lookup c"]
    assert record.answer == "There was no b."
    assert "found c" in w.stub.requests[1].text
    assert record.label is not None
    assert record.label.trust == "untrusted"


async def test_a_step_runs_for_each_item(world: Build) -> None:
    w = await world(
        Rule(
            reply=plans(
                {"id": "s1", "tool": "rows", "args": {"n": 5}},
                lookup("s2", "{$row.id}", for_each={"in": "$s1.rows", "as": "row", "max": 3}),
                lookup("s3", "none", for_each={"in": "$s1.empty", "as": "row"}),
                text="{$s2} {$s2[1]} {$s3}",
            )
        )
    )
    record = await run(w)
    assert record.answer == '["found 0","found 1","found 2"] found 1 []'
    assert sorted(w.witnessed) == ["lookup 0", "lookup 1", "lookup 2"]
    assert [(e.step_id, e.items, e.value) for e in await w.events(record.id, "step.completed")] == [
        ("s3", 0, None),
        ("s2", 3, None),
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([lookup("s1", "x", for_each={"in": "a text", "as": "i"})], "name a list"),
        ([{"id": "s1", "tool": "look_up", "args": {}}], "did you mean 'lookup'?"),
        ([lookup("s1", "$s9.x")], "there is no step s9"),
        ([lookup("s1", "$s2"), lookup("s2", "$s1")], "never in a circle"),
        ([{"id": "s1", "tool": "lookup", "args": {"q": 7}}], "7 is not of type 'string'"),
        ([lookup(f"s{n}", "x") for n in range(10_000)], "10000 are too many"),
        ([lookup("s1", "x", sometimes=True)], "steps[0].sometimes: is not a key here"),
    ],
)
async def test_a_plan_that_cannot_run_is_mended_or_ends_with_a_name(
    world: Build, steps: list[dict[str, Any]], said: str
) -> None:
    w = await world(Rule(times=1, reply=plans(*steps)), Rule(reply=plans(lookup("s1", "x"), text="mended")))
    record = await run(w)
    assert record.answer == "mended"
    [failed] = await w.events(record.id, "tool.failed")
    assert said in failed.message
    assert said in w.stub.requests[1].text
    w2 = await world(Rule(reply=plans(*steps)))
    record = await run(w2)
    assert record.outcome in (Outcome.GAVE_UP, Outcome.BUDGET_EXHAUSTED)
    assert len([asked for asked in w2.stub.requests if asked.tools == ("submit_plan",)]) <= 3


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="I would rather talk."),
        Reply(calls=plans(lookup("s1", "x")).calls * 2),
        Reply(calls=(Call(tool="submit_plan", raw='{"steps": ['),)),
        Reply(calls=(Call(tool="lookup", args={"q": "x"}),)),
    ],
    ids=["prose", "two plans", "broken JSON", "another tool"],
)
async def test_a_model_that_gives_no_plan_is_asked_thrice(world: Build, reply: Reply) -> None:
    w = await world(Rule(reply=reply))
    record = await run(w)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.GAVE_UP)
    assert len(w.stub.requests) == 3
    assert w.witnessed == []
    once = await world(Rule(times=1, reply=reply), Rule(reply=plans(lookup("s1", "x"), text="ok")))
    assert (await run(once)).answer == "ok"


async def test_a_plan_beyond_the_budget_is_refused_before_it_runs(world: Build) -> None:
    extract = {"id": "s2", "extract": {"from": "$r", "ask": "it", "schema": {"type": "string"}}}
    w = await world(
        Rule(reply=plans({"id": "s1", "tool": "rows", "args": {"n": 1}}, {**extract, "for_each": {"in": "$s1", "as": "r"}}))
    )
    record = await run(w, budget=BudgetRequest(max_steps=20))
    assert record.outcome is Outcome.GAVE_UP
    assert "may ask a model 101 times and 19 are left" in (await w.events(record.id, "tool.failed"))[0].message
    dear = await run(w, budget=BudgetRequest(max_cost_usd=0.5))
    assert "may ask a model" in (await w.events(dear.id, "tool.failed"))[0].message


async def test_a_failure_revises_only_what_depends_on_it(world: Build) -> None:
    good = [lookup(f"g{n}", f"{n}") for n in range(4)]
    w = await world(
        Rule(
            times=1,
            reply=plans(
                *good,
                {"id": "bad", "tool": "broken", "args": {"q": "$g0"}},
                lookup("d1", "{$bad} 1"),
                lookup("d2", "{$d1} 2"),
                {"id": "slow", "tool": "wait_for_file", "args": {"name": "go"}},
                lookup("t1", "{$slow} {$g1}"),
                lookup("t2", "{$t1} {$g2}"),
                lookup("t3", "{$t2} {$g3}"),
                lookup("end", "{$d2} {$t3}"),
                text="{$end}",
            ),
        ),
        Rule(reply=plans(lookup("bad", "instead"), lookup("end", "{$bad} {$t3}"), tool="revise_plan")),
    )
    running = asyncio.create_task(run(w))
    await until(lambda: "lookup instead" in w.witnessed)
    assert not (w.folder / "go").exists()
    (w.folder / "go").touch()
    record = await running
    assert record.status is Status.COMPLETED
    assert record.answer is not None
    assert record.answer.startswith("found found instead found found found go")
    [revised] = await w.events(record.id, "plan.revised")
    assert revised.dropped == ("bad", "d1", "d2", "end")
    assert revised.why == "bad failed: ToolError"
    assert len(w.witnessed) == len(set(w.witnessed)) == 4 + 1 + 3 + 2


async def test_revisions_are_bounded(world: Build) -> None:
    bad = {"id": "bad", "tool": "broken", "args": {"q": "x"}}
    w = await world(Rule(times=1, reply=plans(bad, text="{$bad}")), Rule(reply=plans(bad, tool="revise_plan")))
    record = await run(w)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.GAVE_UP)
    assert len(await w.events(record.id, "plan.revised")) == 3
    assert record.error is not None
    assert "3 revisions did not help" in record.error.detail


async def test_an_effect_that_happened_is_not_made_to_happen_again_by_a_revision(world: Build) -> None:
    puts = {"id": "s2", "tool": "note", "args": {"key": "$row.id"}, "for_each": {"in": "$s1.rows", "as": "row"}}
    w = await world(
        Rule(times=1, reply=plans({"id": "s1", "tool": "rows", "args": {"n": 3}}, puts, text="{$s2}")),
        Rule(times=1, reply=plans(puts, tool="revise_plan")),
    )
    record = await run(w)
    while record.waiting is not None:
        [approval] = await w.runtime.approvals("default")
        await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
        record = await w.drive(record.id)
    assert record.answer == '["noted 0","noted 1","noted 2"]'
    assert sorted(w.witnessed) == ["note 0", "note 1", "note 1", "note 2"]


async def test_a_denied_step_leads_to_a_revision(world: Build) -> None:
    w = await world(
        Rule(times=1, reply=plans({"id": "s1", "tool": "send", "args": {"to": "a", "text": "b"}}, text="{$s1}")),
        Rule(reply=plans(text="Not sent.", tool="revise_plan")),
    )
    record = await run(w)
    [approval] = await w.runtime.approvals("default")
    await w.runtime.decide("default", approval.id, Decision(decision="deny"), by="ann")
    record = await w.drive(record.id)
    assert record.answer == "Not sent."
    assert "s1: failed, denied" in w.stub.requests[1].text


async def test_a_question_waits_for_a_person(world: Build) -> None:
    w = await world(
        Rule(
            reply=plans(
                {"id": "s1", "tool": "ask_person", "args": {"question": "Which pier?"}}, lookup("s2", "$s1"), text="{$s2}"
            )
        )
    )
    record = await run(w)
    assert record.waiting is not None
    assert (record.waiting.reason, record.waiting.question) == (WaitingReason.INPUT, "Which pier?")
    await w.runtime.input("default", record.id, InputRequest(text="Pier 7"), by="tester")
    assert (await w.drive(record.id)).answer == "found Pier 7"


async def test_a_cancel_breaks_off_a_plan(world: Build) -> None:
    schema = {"type": "string"}
    w = await world(
        Rule(times=1, reply=plans(lookup("s1", "x"), {"id": "s2", "extract": {"from": "$s1", "ask": "it", "schema": schema}})),
        Rule(reply=Reply(text="late", delay_seconds=60)),
    )
    task_id = await w.submit(planner="plan")
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: len(w.stub.requests) == 2)
    await w.runtime.cancel("default", task_id, by="tester")
    assert (await running).status is Status.CANCELED
    [failed] = await w.events(task_id, "llm.failed")
    assert (failed.step, failed.spent) == ("s2", True)


async def test_a_pause_starts_nothing_more(world: Build) -> None:
    w = await world(
        Rule(reply=plans({"id": "s1", "tool": "wait_for_file", "args": {"name": "go"}}, lookup("s2", "$s1"), text="{$s2}"))
    )
    task_id = await w.submit(planner="plan")
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: w.witnessed == ["waiting"])
    await w.runtime.pause("default", task_id, by="tester")
    (w.folder / "go").touch()
    record = await running
    assert record.waiting is not None
    assert w.witnessed == ["waiting"]
    await w.runtime.resume("default", task_id, by="tester")
    assert (await w.drive(task_id)).answer == "found go"
    assert w.witnessed == ["waiting", "lookup go"]


async def test_what_a_person_says_is_heard_before_the_answer(world: Build) -> None:
    w = await world(
        Rule(times=1, reply=plans({"id": "s1", "tool": "wait_for_file", "args": {"name": "go"}}, text="{$s1}")),
        Rule(reply=plans(lookup("s2", "more"), text="{$s1} {$s2}", tool="revise_plan")),
    )
    task_id = await w.submit(planner="plan")
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: w.witnessed == ["waiting"])
    await w.runtime.input("default", task_id, InputRequest(text="and more"), by="tester")
    (w.folder / "go").touch()
    assert (await running).answer == "go found more"
    assert "and more" in str(w.stub.requests[1].body)


async def test_a_ceiling_reached_in_one_step_lets_the_others_end(world: Build) -> None:
    number = {"extract": {"from": "a text", "ask": "a number", "schema": {"type": "number"}}}
    slow = {"id": "slow", "tool": "wait_for_file", "args": {"name": "go"}}
    w = await world(Rule(times=1, reply=plans(slow, {"id": "s1", **number}, text="x")), Rule(reply=values(value="none")))
    task_id = await w.submit(planner="plan", budget=BudgetRequest(max_steps=2))
    running = asyncio.create_task(w.drive(task_id))
    await until(lambda: len(w.stub.requests) == 2 and w.witnessed == ["waiting"])
    (w.folder / "go").touch()
    record = await running
    assert record.outcome is Outcome.BUDGET_EXHAUSTED
    assert [done.call_id for done in await w.events(task_id, "tool.completed")] == ["slow"]


async def test_an_answer_holds_the_schema_or_is_put_into_it(world: Build) -> None:
    schema = {"type": "object", "properties": {"rows": {"type": "array"}}, "required": ["rows"]}
    rows = {"id": "s1", "tool": "rows", "args": {"n": 1}}
    w = await world(Rule(reply=plans(rows, text="$s1")))
    record = await run(w, output_schema=schema)
    assert record.output == {"rows": [{"id": "0"}], "empty": []}
    w = await world(
        Rule(times=1, reply=plans(rows, text="so many")), Rule(times=1, reply=Reply(text="[]")), says('{"rows": []}')
    )
    record = await run(w, output_schema=schema)
    assert record.output == {"rows": []}
    assert "is not of type 'object'" in w.stub.requests[-1].text
    w = await world(Rule(times=1, reply=plans(rows)), says("never"))
    record = await run(w, output_schema=schema)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.SCHEMA_UNMET)
