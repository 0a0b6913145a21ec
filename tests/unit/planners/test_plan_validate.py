"""A plan's mistakes: all of them, each with its place, and none where there is none."""

from typing import Any

import pytest

from journal.plans import Plan, Step
from journal.values import Budget, Usage
from llm.settings import Price
from planners.plan.cost import cost_of
from planners.plan.format import MistakenPlan, read_plan
from planners.plan.steps import affected, waits_for
from planners.plan.validate import Room, mistakes
from planners.planner import Means
from tools.types import Tool, ToolContext, ToolOutput


async def nothing(context: ToolContext, args: dict[str, Any]) -> ToolOutput:
    return ToolOutput("")


def tool(name: str, required: list[str], **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return Tool(name=name, description="d", parameters=schema, run=nothing)


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
MEANS = Means(
    tools={
        "search": tool("search", ["query"], query=TEXT, limit={"type": "integer", "minimum": 1}),
        "pay": tool("pay", ["to", "amount"], to=TEXT, amount=NUMBER, tags={"type": "array", "items": TEXT}),
    },
    prices={"extract": Price(input=1, output=1), "act": Price(input=1, output=1)},
)
INVOICE = {"type": "object", "properties": {"iban": TEXT, "amount": NUMBER, "lines": {"type": "array", "items": NUMBER}}}
S1 = {"id": "s1", "tool": "search", "args": {"query": "invoice"}}
S2 = {"id": "s2", "extract": {"from": "$s1", "ask": "the invoice", "schema": INVOICE}}


def check(*steps: dict[str, Any], room: Room | None = None, **more: Any) -> list[str]:
    return mistakes(read_plan({"steps": list(steps), **more}), MEANS, room or Room(Budget(), Usage()))


def test_the_plan_of_the_contract_has_no_mistakes() -> None:
    pay = {"id": "s3", "tool": "pay", "args": {"to": "$s2.iban", "amount": "$s2.amount"}, "after": ["s2"]}
    when = {"ref": "$s2.amount", "op": "lt", "value": 500}
    each = {"for_each": {"in": "$s1.items", "as": "mail", "max": 20}}
    label = {"id": "s4", "tool": "search", "args": {"query": "{$mail.id} $$5"}, **each}
    assert check(S1, S2, pay | {"when": when}, label, answer={"text": "Paid {$s2.amount}.", "from": ["s2", "s3"]}) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"tool": "serch", "args": {"query": "x"}}, "did you mean 'search'?"),
        ({"tool": "search", "args": {}}, "'query' is a required property"),
        ({"tool": "search", "args": {"query": "x", "limit": 0}}, "limit: 0 is less than the minimum"),
        ({"tool": "search", "args": {"query": "x", "more": 1}}, "'more' was unexpected"),
        ({"tool": "search", "args": {"query": "$s2.amount"}}, "$s2.amount is number, not string"),
        ({"tool": "pay", "args": {"to": "x", "amount": "{$s2.amount}"}}, "{$s2.amount} is string, not number"),
        ({"tool": "pay", "args": {"to": "x", "amount": 1, "tags": [1, "$s2.iban"]}}, "tags[0]: 1 is not of type 'string'"),
        ({"tool": "search", "args": {"query": "$s2.total"}}, "there is no 'total'; there are iban, amount, lines"),
        ({"tool": "search", "args": {"query": "$s2.amount.usd"}}, "it is number, which has no 'usd'"),
        ({"tool": "search", "args": {"query": "$s7"}}, "there is no step s7"),
        ({"tool": "search", "args": {"query": "$s3"}}, "cannot wait for itself"),
        ({"tool": "search", "args": {"query": "$s4"}}, "s4 stands below"),
        ({"tool": "search", "args": {"query": "x"}, "after": ["s9"]}, "after s9: there is no step s9"),
        ({"tool": "search", "args": {"query": "$s1 x"}}, "is not a reference"),
        ({"tool": "search", "args": {"query": "x"}, "for_each": {"in": "abc", "as": "i"}}, "is a text; name a list"),
        ({"tool": "search", "args": {"query": "x"}, "for_each": {"in": "$s2.iban", "as": "i"}}, "is string, not a list"),
        ({"tool": "search", "args": {"query": "x"}, "for_each": {"in": "$s2.lines", "as": "s1"}}, "a name that no step has"),
        ({"tool": "search", "args": {"query": "x"}, "when": {"ref": "$s1", "op": "is", "value": 1}}, "no op 'is'"),
        ({"tool": "search", "args": {"query": "x"}, "when": {"ref": "$s8", "op": "exists"}}, "there is no step s8"),
        ({"tool": "search", "args": {"query": "x"}, "extract": S2["extract"]}, "exactly one of"),
        ({}, "exactly one of"),
        (
            {"extract": {"from": "$s1", "ask": "x", "schema": {"type": "strin"}}},
            "extract.schema: The output schema cannot be used: at $.type",
        ),
        ({"extract": {"from": "$s1", "ask": "x", "schema": {"type": "integer", "minimum": 2, "maximum": 1}}}, "is above"),
        ({"extract": {"from": "$s1", "ask": " ", "schema": {}}}, "say what to find"),
        ({"delegate": {"goal": "help"}}, "may not have child tasks"),
    ],
)
def test_mistakes_name_their_step(step: dict[str, Any], said: str) -> None:
    below = {"id": "s4", "tool": "search", "args": {"query": "x"}}
    found = check(S1, S2, {"id": "s3", **step}, below)
    assert any(one.startswith("s3: ") and said in one for one in found), found


def test_all_mistakes_are_told_at_once() -> None:
    steps = [{"id": f"s{n}", "tool": f"no{n}"} for n in range(5)]
    assert len(check(*steps, answer={"text": "{$s9}", "from": ["s8"]})) == 7


@pytest.mark.parametrize("name", ["answer", "1", "a b", "a" * 33, ""])
def test_ids_are_names(name: str) -> None:
    assert "an id has letters" in check({**S1, "id": name})[0]


def test_two_steps_with_one_id() -> None:
    assert check(S1, S1) == ["s1: two steps have this id"]


def test_a_circle_is_found_wherever_it_closes() -> None:
    steps = [{"id": f"s{n}", "tool": "search", "args": {"query": f"$s{(n + 1) % 4}"}} for n in range(4)]
    assert any("never in a circle" in one for one in check(*steps))


def test_a_list_of_results_is_a_list() -> None:
    each = {**S2, "for_each": {"in": "$s1.items", "as": "x", "max": 2}}
    assert any("its result is a list" in one for one in check(S1, each, {**S1, "id": "s3", "args": {"query": "$s2.iban"}}))
    assert check(S1, each, {**S1, "id": "s3", "args": {"query": "$s2[0].iban"}}) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "steps: is required"),
        ({"steps": "s1"}, "steps: "),
        ({"steps": [{"tool": "x"}]}, "steps[0].id: is required"),
        ({"steps": [{**S1, "arguments": {}}]}, "steps[0].arguments: is not a key here"),
        ({"steps": [S1] * 101}, "101 are too many"),
        ({"steps": [{**S1, "for_each": {"in": "$s1", "as": "i", "max": 0}}]}, "for_each.max: "),
        ({"steps": [], "answers": {}}, "answers: is not a key here"),
    ],
)
def test_a_wrong_shape_is_told_by_its_place(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(MistakenPlan, match="The plan has mistakes") as wrong:
        read_plan(arguments)
    assert said in str(wrong.value)


def test_the_worst_case_must_fit_what_is_left() -> None:
    many = {**S2, "for_each": {"in": "$s1", "as": "x", "max": 40}}
    assert "may ask a model 41 times and 10 are left" in check(S1, many, room=Room(Budget(), Usage(steps=40)))[0]
    dear = check(S1, many, room=Room(Budget(max_cost_usd=0.01), Usage()))
    assert "USD and 0.0100 are left" in dear[0]
    assert check(S1, S2, answer={"text": "x"}) == []


def test_cost_counts_every_item_and_every_repair() -> None:
    plan = read_plan({"steps": [S1, {**S2, "for_each": {"in": "$s1", "as": "x", "max": 10}}], "answer": {"text": "x"}})
    once = cost_of(read_plan({"steps": [S1, S2], "answer": {"text": "x"}}), MEANS.prices)
    cost = cost_of(plan, MEANS.prices)
    assert (cost.model_calls, cost.tool_calls) == (10, 1)
    assert cost.cost_usd == pytest.approx(10 * once.cost_usd)
    assert cost_of(Plan(steps=plan.steps), MEANS.prices).model_calls == 11


def test_what_waits_for_a_step_is_affected_with_it() -> None:
    steps = [
        Step(id="a", tool="t"),
        Step(id="b", tool="t", args={"x": {"y": ["{$a.k}"]}}),
        Step(id="c", tool="t", after=("b",)),
        Step.model_validate({"id": "d", "tool": "t", "when": {"ref": "$c", "op": "exists"}}),
        Step(id="e", tool="t"),
    ]
    assert waits_for(steps[1]) == {"a"}
    assert affected(steps, {"a"}) == {"a", "b", "c", "d"}
    assert affected(steps, {"e"}) == {"e"}
