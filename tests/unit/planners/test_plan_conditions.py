"""Conditions: total, and true exactly where they should be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from journal.plans import Condition
from planners.plan.conditions import OPERATORS, holds, mistakes_in, references_of
from planners.plan.references import Labelled
from trust.labels import SYSTEM


def true_of(found: JsonValue, op: str, value: JsonValue = None) -> bool:
    return holds(Condition(ref="$s", op=op, value=value), {"s": Labelled(found, SYSTEM)})


@pytest.mark.parametrize(
    ("found", "op", "value", "expected"),
    [
        (1, "eq", 1.0, True),
        (True, "eq", 1, False),
        (0, "eq", False, False),
        (None, "eq", None, True),
        ("a", "ne", "b", True),
        (1, "lt", 2, True),
        (2, "lt", 2, False),
        (2, "le", 2, True),
        ("b", "gt", "a", True),
        (3, "ge", 4, False),
        ("3", "lt", 4, False),
        (True, "lt", 4, False),
        (None, "ge", None, False),
        ("a", "in", ["a", "b"], True),
        (1, "in", [True], False),
        ("el", "in", "hello", True),
        ("hello", "contains", "el", True),
        (["a"], "contains", "a", True),
        ({"k": 1}, "contains", "k", True),
        (5, "contains", 5, False),
        ("hello", "contains", 1, False),
        (0, "exists", None, True),
        (None, "exists", None, False),
        ("", "empty", None, True),
        ([], "empty", None, True),
        ({}, "empty", None, True),
        (0, "empty", None, False),
        (False, "empty", None, False),
    ],
)
def test_operators(found: JsonValue, op: str, value: JsonValue, expected: bool) -> None:
    assert true_of(found, op, value) is expected


@pytest.mark.parametrize("op", OPERATORS)
def test_of_what_is_not_there_only_empty_is_true(op: str) -> None:
    assert holds(Condition(ref="$gone.key", op=op, value=None), {}) is (op == "empty")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(scalars, lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(), i, max_size=3), max_leaves=5)


@given(anything, anything)
def test_comparisons_never_fail_and_agree_with_each_other(found: Any, value: Any) -> None:
    results = {op: true_of(found, op, value) for op in OPERATORS}
    assert results["eq"] is not results["ne"]
    assert results["le"] is (results["lt"] or (results["ge"] and results["le"]))
    assert not (results["lt"] and results["gt"])
    if results["exists"]:
        assert found is not None


@given(st.lists(st.booleans(), max_size=5))
def test_joins(truths: list[bool]) -> None:
    scope = {"s": Labelled(1, SYSTEM)}
    parts = tuple(Condition(ref="$s", op="eq", value=1 if truth else 2) for truth in truths)
    assert holds(Condition(all=parts), scope) is all(truths)
    assert holds(Condition(any=parts), scope) is any(truths)
    assert holds(Condition.model_validate({"not": {"all": parts}}), scope) is not all(truths)


def test_all_references_of_a_condition() -> None:
    condition = Condition.model_validate(
        {"any": [{"ref": "$a.x", "op": "exists"}, {"not": {"all": [{"ref": "$b", "op": "empty"}]}}]}
    )
    assert [r.text for r in references_of(condition)] == ["$a.x", "$b"]
    assert list(mistakes_in(condition)) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"ref": "$s", "op": "like", "value": 1}, "there is no op 'like'"),
        ({"ref": "s", "op": "eq", "value": 1}, "not a reference"),
        ({"ref": "$s", "op": "eq", "all": []}, "either `ref`"),
        ({}, "either `ref`"),
        ({"not": {"any": [{"ref": "$s"}]}}, "there is no op None"),
    ],
)
def test_mistakes(condition: dict[str, Any], said: str) -> None:
    assert said in " ".join(mistakes_in(Condition.model_validate(condition)))
