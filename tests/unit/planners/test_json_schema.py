"""Schemas that answers must hold: which are refused, and what is said of a value that does not hold one."""

from typing import Any

import pytest

from journal.errors import InvalidInput
from planners.json_schema import MAX_MISTAKES, MAX_SCHEMA_BYTES, check_schema, mistakes_in

PORT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "berths": {"type": "array", "items": {"$ref": "#/$defs/berth"}}},
    "required": ["name"],
    "$defs": {"berth": {"type": "object", "properties": {"depth": {"type": "number"}}}},
}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "nothing"}, "is not valid under any of the given schemas"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}, "`#/$defs/b` is not a part of it"),
        ({"$ref": "https://example.org/schema.json"}, "is not a part of it"),
        ({"type": "string", "pattern": "("}, "is not a 'regex'"),
        ({"patternProperties": {"(": {}}}, "is not a 'regex'"),
        ({"enum": [1, 2], "type": "string"}, "none of its fixed values"),
        ({"const": 3, "maximum": 2}, "none of its fixed values"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "`minimum` 3 is above `maximum` 2"),
        ({"type": "array", "minItems": 1, "items": False}, "accepts no value"),
        ({"not": {}}, "excludes every value"),
        ({"allOf": [{"type": "string"}, {"type": "number"}]}, "exclude each other"),
        ({"anyOf": [False, {"not": True}]}, "no part of `anyOf`"),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, "`a` is required"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"not": {}}}}, "the required `a`"),
        ({"description": "x" * MAX_SCHEMA_BYTES}, "larger than"),
    ],
)
def test_what_cannot_be_met_or_read_is_refused_with_one_sentence(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_schema(schema)
    assert why in refused.value.message
    assert "\n" not in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "schema",
    [
        {},
        PORT,
        {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}},
        {"minimum": 3, "maximum": 2},  # a string meets it
        {"properties": {"a": False}},
        {"anyOf": [False, {"type": "string"}]},
        {"type": ["integer", "null"], "minimum": 3, "maximum": 2},
        {"allOf": [{"type": "number"}, {"type": "integer"}]},
        {"required": ["a"], "additionalProperties": False},
    ],
)
def test_what_some_value_meets_is_taken(schema: dict[str, Any]) -> None:
    check_schema(schema)


def test_every_mistake_is_named_with_its_place() -> None:
    mistakes = mistakes_in({"berths": [{"depth": 1}, {"depth": "deep"}]}, PORT)
    assert sorted(mistakes) == [
        "at $.berths[1].depth: 'deep' is not of type 'number'",
        "at $: 'name' is a required property",
    ]
    assert mistakes_in({"name": "Kiel", "berths": []}, PORT) == []


def test_mistakes_have_a_bound() -> None:
    assert len(mistakes_in(["x"] * 1000, {"items": {"type": "number"}})) == MAX_MISTAKES


def test_a_schema_that_refers_to_itself_without_end_is_a_mistake_and_no_crash() -> None:
    assert "without end" in mistakes_in(1, {"$ref": "#"})[0]
