"""Techniques: what the model is told, what is asked besides, what the journal says of it, and how it all survives a crash."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.requests import BudgetRequest, InputRequest, TaskRequest
from journal.errors import InvalidInput
from journal.values import Outcome, Status
from journeyman.testing import Call, HttpError, Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says
from tests.integration.agents.test_plan_crashes import stopping_at
from tests.integration.agents.test_plans import lookup, plans

Build = Callable[..., Awaitable[World]]

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}


def once(text: str, **more: Any) -> Rule:
    return Rule(times=1, reply=Reply(text=text, **more))


def critique(*, holds: bool, text: str = "") -> Rule:
    said = Call(tool="submit_critique", args={"holds": holds, "critique": text})
    return Rule(when=When(text="strict reviewer"), reply=Reply(calls=(said,)))


def system(w: World, request: int = 0) -> str:
    return str(w.stub.requests[request].body["messages"][0]["content"])


async def asides(w: World, task_id: str) -> list[tuple[str, str]]:
    return [(e.technique, e.step) for e in await w.events(task_id, "llm.requested") if e.technique]


# ---- what is told ----


async def test_examples_and_hints_are_told_and_the_journal_names_their_prompts(world: Build) -> None:
    w = await world(says("Kiel"))
    used = {
        "few_shot": [{"goal": "Capital of Bavaria?", "answer": "Munich"}],
        "directional_stimulus": ["harbour", "north"],
    }
    record = await w.run("Capital of Holstein?", techniques=used)
    assert record.answer == "Kiel"
    assert "Goal: Capital of Bavaria?\n\nMunich\n" in system(w)
    assert system(w).index("Hints") < system(w).index("- harbour\n- north")
    assert "step by step in plain text" not in system(w)
    [started] = await w.events(record.id, "task.started")
    assert started.techniques == {"few_shot": "few_shot_v1", "directional_stimulus": "directional_stimulus_v1"}
    [submitted] = await w.events(record.id, "task.submitted")
    assert submitted.techniques.directional_stimulus == ("harbour", "north")


async def test_without_techniques_nothing_is_told_or_journaled(world: Build) -> None:
    w = await world(says("ok"))
    record = await w.run()
    assert not [word for word in ("<example>", "Answer:", "Hints") if word in system(w)]
    [started] = await w.events(record.id, "task.started")
    assert started.techniques == {}


async def test_the_answer_is_what_stands_behind_the_reasoning(world: Build) -> None:
    w = await world(calls(("lookup", {"q": "x"})), says("Answer: is it 3?\nNo, 2 and 2 is\n**Answer:** 4 boats"))
    used = {"chain_of_thought": True, "few_shot": [{"goal": "1+1", "answer": "2", "reasoning": "One more than one."}]}
    record = await w.run(techniques=used)
    assert record.answer == "4 boats"
    assert "Goal: 1+1\n\nOne more than one.\nAnswer: 2\n" in system(w)
    answered = (await w.events(record.id, "llm.completed"))[-1]
    assert answered.content.startswith("Answer: is it 3?")


async def test_reasoning_stands_before_a_structured_answer_and_no_api_forbids_it(world: Build) -> None:
    w = await world(once("Two and two.\nAnswer: four"), says('Two and two.\nAnswer: {"n": 4}'))
    record = await w.run(techniques={"chain_of_thought": True}, output_schema=NUMBER, tools=[])
    assert (record.output, record.answer) == ({"n": 4}, '{"n": 4}')
    assert "response_format" not in w.stub.requests[0].body
    assert "behind `Answer:`" in system(w)


async def test_who_writes_the_answer_of_a_plan_is_told_too(world: Build) -> None:
    w = await world(Rule(times=1, reply=plans(lookup("s1", "Kiel"))), says("It was found.\nAnswer: in the north"))
    used = {"chain_of_thought": True, "directional_stimulus": ["compass"]}
    record = await w.run(planner="plan", techniques=used)
    assert record.answer == "in the north"
    assert all("- compass" in system(w, n) and "`Answer:`" in system(w, n) for n in (0, 1))


# ---- the profile, and the request ----


async def test_a_request_overrides_its_agents_techniques_one_by_one(world: Build) -> None:
    own = {"chain_of_thought": True, "directional_stimulus": ["north"]}
    w = await world(says("Answer: ok"), settings={"agents": {"default": {"planner": "react", "techniques": own}}})
    assert (await w.run()).answer == "ok"
    record = await w.run(techniques={"chain_of_thought": False})
    assert record.answer == "Answer: ok"
    [started] = await w.events(record.id, "task.started")
    assert list(started.techniques) == ["directional_stimulus"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"self_consistency": 0},
        {"self_consistency": 21},
        {"few_shot": [{"goal": "x"}]},
        {"few_shot": [{"goal": " ", "answer": "x"}]},
        {"directional_stimulus": [""]},
        {"tree_of_thoughts": True},
    ],
)
def test_a_wrong_technique_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TaskRequest.model_validate({"goal": "x", "techniques": wrong})


async def test_program_aided_uses_the_tool_named_python(world: Build) -> None:
    w = await world(
        calls(("python", {"code": "6 * 7"})), Rule(when=When(text="^42$"), reply=Reply(text="It is 42.")), says("never seen")
    )
    record = await w.run("What is 6 times 7?", tools=["python"], techniques={"program_aided": True})
    assert (record.answer, record.usage.tool_calls) == ("It is 42.", 1)
    assert "run it with the tool `python`" in system(w)
    [started] = await w.events(record.id, "task.started")
    assert started.techniques == {"program_aided": "program_aided_v1"}


async def test_program_aided_is_refused_without_that_tool(world: Build) -> None:
    w = await world(says("unused"))
    with pytest.raises(InvalidInput, match="needs a tool named `python`, and this task has none") as refused:
        await w.submit(tools=["lookup"], techniques={"program_aided": True})
    assert "leave out program_aided" in refused.value.hint


# ---- self-consistency ----


async def test_the_most_frequent_answer_counts(world: Build) -> None:
    w = await world(
        calls(("lookup", {"q": "x"})), once("3"), once("Four."), once("5"), once(" four"), once("FOUR"), says("unasked")
    )
    record = await w.run(techniques={"self_consistency": 5})
    assert record.answer in ("Four.", " four", "FOUR")
    assert (record.status, record.usage.model_calls, record.usage.tool_calls) == (Status.COMPLETED, 6, 1)
    assert w.witnessed == ["lookup x"]
    assert sorted(await asides(w, record.id)) == [("self_consistency", f"aside-sample[{n}]") for n in range(1, 5)]
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (3, 1, 1)
    first, *samples = w.stub.requests[1:]
    assert all(sample.body["messages"] == first.body["messages"] for sample in samples)
    assert all(sample.body["tool_choice"] == "none" for sample in samples)


async def test_structured_answers_agree_by_value_and_what_misses_the_schema_has_no_vote(world: Build) -> None:
    w = await world(once('{"n": 1}'), once('{"n": "four"}'), once('{"n": 4.0}'), once('{ "n":4 }'), once(""), says("unasked"))
    record = await w.run(techniques={"self_consistency": 5}, output_schema=NUMBER)
    assert record.output == {"n": 4}
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (2, 1)


async def test_of_equally_many_votes_the_first_counts(world: Build) -> None:
    w = await world(once("north"), once("south"), says("unasked"))
    record = await w.run(techniques={"self_consistency": 2})
    assert record.answer == "north"
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (1, 1)


async def test_reasoning_differs_and_answers_agree(world: Build) -> None:
    w = await world(once("So.\nAnswer: 3"), once("Thus.\nAnswer: 4"), once("Hence.\nAnswer: 4."), says("unasked"))
    record = await w.run(techniques={"self_consistency": 3, "chain_of_thought": True})
    assert record.answer in ("4", "4.")


async def test_a_plans_answer_in_words_is_sampled_and_a_filled_in_one_is_not(world: Build) -> None:
    w = await world(Rule(times=1, reply=plans(lookup("s1", "Kiel"))), once("here"), once("there"), says("there"))
    record = await w.run(planner="plan", techniques={"self_consistency": 3})
    assert record.answer == "there"
    w = await world(Rule(reply=plans(lookup("s1", "Kiel"), text="{$s1}")))
    record = await w.run(planner="plan", techniques={"self_consistency": 3, "reflexion": True})
    assert (record.answer, record.usage.model_calls) == ("found Kiel", 1)


async def test_samples_are_paid_from_the_tasks_budget(world: Build) -> None:
    w = await world(says("four"))
    record = await w.run(techniques={"self_consistency": 5}, budget=BudgetRequest(max_steps=3))
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.BUDGET_EXHAUSTED)
    assert (record.usage.steps, record.usage.model_calls) == (3, 3)


async def test_a_sample_that_fails_is_asked_again(world: Build) -> None:
    w = await world(once("4"), Rule(times=1, reply=Reply(text="4", cut_after=1)), says("4"))
    record = await w.run(techniques={"self_consistency": 3})
    assert record.answer == "4"
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (3,)


async def test_a_sample_that_fails_for_good_has_no_vote(world: Build) -> None:
    w = await world(once("4"), Rule(times=1, error=HttpError(status=400)), says("5"))
    record = await w.run(techniques={"self_consistency": 3})
    assert (record.status, record.answer) == (Status.COMPLETED, "4")
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (1, 1)


# ---- reflexion ----


async def test_a_critique_leads_to_one_retry_with_tools(world: Build) -> None:
    w = await world(
        critique(holds=False, text="The depth is missing."),
        Rule(when=When(text="The review:"), reply=Reply(calls=(Call(tool="lookup", args={"q": "depth"}),))),
        Rule(when=When(tool_results=1), reply=Reply(text="Kiel, 12 m")),
        says("Kiel"),
    )
    record = await w.run(techniques={"reflexion": True})
    assert (record.answer, w.witnessed) == ("Kiel, 12 m", ["lookup depth"])
    assert await asides(w, record.id) == [("reflexion", "aside-critique"), ("reflexion", "")]
    assert "The depth is missing." in w.stub.requests[2].text
    assert "strict reviewer" not in str(w.stub.requests[2].body)
    assert w.stub.requests[1].tools == ("submit_critique",)
    assert w.stub.requests[1].body["messages"][-2]["content"] == "Kiel"


async def test_an_answer_that_holds_is_not_tried_again(world: Build) -> None:
    w = await world(critique(holds=True), says("Kiel"))
    record = await w.run(techniques={"reflexion": True})
    assert (record.answer, record.usage.model_calls) == ("Kiel", 2)


async def test_a_critique_in_prose_counts_and_an_empty_one_does_not(world: Build) -> None:
    prose = Rule(when=When(text="strict reviewer"), reply=Reply(text="Too short."))
    w = await world(prose, Rule(when=When(text="Too short"), reply=Reply(text="Kiel, on the Baltic")), says("Kiel"))
    assert (await w.run(techniques={"reflexion": True})).answer == "Kiel, on the Baltic"
    w = await world(Rule(when=When(text="strict reviewer"), reply=Reply(text="")), says("Kiel"))
    assert (await w.run(techniques={"reflexion": True})).answer == "Kiel"


async def test_the_answer_stands_where_no_critique_can_be_had(world: Build) -> None:
    w = await world(Rule(when=When(text="strict reviewer"), error=HttpError(status=400)), says("Kiel"))
    record = await w.run(techniques={"reflexion": True})
    assert (record.status, record.answer) == (Status.COMPLETED, "Kiel")


async def test_the_retry_does_not_use_up_the_repairs_of_a_schema(world: Build) -> None:
    w = await world(
        critique(holds=False, text="Wrong number."), once('{"n": 1}'), once("two"), once("three"), says('{"n": 2}')
    )
    record = await w.run(techniques={"reflexion": True}, output_schema=NUMBER)
    assert record.output == {"n": 2}


async def test_a_plans_answer_is_criticised_and_written_again(world: Build) -> None:
    w = await world(
        critique(holds=False, text="Say where."),
        Rule(when=When(text="The review:"), reply=Reply(text="found, in the north")),
        Rule(times=1, reply=plans(lookup("s1", "Kiel"))),
        says("found"),
    )
    record = await w.run(planner="plan", techniques={"reflexion": True})
    assert record.answer == "found, in the north"
    assert await asides(w, record.id) == [("reflexion", "aside-critique"), ("reflexion", "aside-retry")]
    assert len(await w.events(record.id, "plan.created")) == 1


async def test_auto_uses_techniques_with_the_planner_it_chose(world: Build) -> None:
    w = await world(critique(holds=True), once("4"), once("5"), says("5"))
    record = await w.run("Where?", planner="auto", tools=["lookup"], techniques={"reflexion": True, "self_consistency": 3})
    assert record.answer == "5"


async def test_the_rehearsal_says_that_it_cannot_judge(world: Build) -> None:
    w = await world(says("unused"), settings={"models": {}})
    record = await w.run("What is 17 * 3?", techniques={"reflexion": True, "self_consistency": 3, "chain_of_thought": True})
    assert "51" in (record.answer or "")
    [completed] = await w.events(record.id, "task.completed")
    assert completed.votes == (3,)


# ---- crashes ----


@pytest.mark.parametrize("planner", ["react", "plan"])
async def test_it_all_goes_on_from_every_commit_and_what_was_answered_is_not_asked_again(world: Build, planner: str) -> None:
    first = plans(lookup("s1", "Kiel")) if planner == "plan" else Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),))
    w = await world(
        critique(holds=False, text="Say where."),
        Rule(when=When(text="The review:"), reply=Reply(text="north")),
        Rule(when=When(text="found Kiel"), reply=Reply(text="somewhere")),
        Rule(reply=first),
    )
    commit, stopped = 0, True
    while stopped:
        commit += 1
        runtime, journal = stopping_at(w.runtime, commit)
        task_id = await w.submit(planner=planner, techniques={"reflexion": True, "self_consistency": 4})
        await runtime.drive(task_id)
        stopped = journal.stopped
        before = {e.step for e in await w.events(task_id, "llm.completed") if e.step}
        asked = len([e for e in await w.events(task_id, "llm.requested") if e.step in before])
        record = await w.drive(task_id) if not (await w.runtime.task("default", task_id)).status.ended else None
        record = record or await w.runtime.task("default", task_id)
        assert (record.status, record.answer) == (Status.COMPLETED, "north"), f"stopped at commit {commit}"
        again = len([e for e in await w.events(task_id, "llm.requested") if e.step in before])
        assert again == asked, f"stopped at commit {commit}: an answered call was asked again"
        answered = [e.step for e in await w.events(task_id, "llm.completed") if e.step.startswith("aside-")]
        assert len(answered) == len(set(answered)), f"stopped at commit {commit}"
        assert {step for step in answered if "sample" in step} == {f"aside-sample[{n}]" for n in (1, 2, 3)}
        [completed] = await w.events(task_id, "task.completed")
        assert completed.votes == (4,)
    assert commit > 6


async def test_what_a_person_says_while_samples_are_asked_leads_to_a_new_answer(world: Build) -> None:
    w = await world(Rule(when=When(text="and the depth"), reply=Reply(text="12 m")), says("Kiel"))
    runtime, _ = stopping_at(w.runtime, 3)
    task_id = await w.submit(techniques={"self_consistency": 3})
    await runtime.drive(task_id)
    await w.runtime.input("default", task_id, InputRequest(text="and the depth?"), by="ann")
    record = await w.drive(task_id)
    assert record.answer == "12 m"
    [completed] = await w.events(task_id, "task.completed")
    assert completed.votes == (3,)
