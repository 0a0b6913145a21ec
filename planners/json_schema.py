"""JSON Schemas that somebody asks an answer to hold: whether a schema can be met at all, and what is wrong with a value."""

import json
from collections.abc import Iterator
from typing import Any

from journal.errors import InvalidInput

MAX_SCHEMA_BYTES = 65_536
MAX_MISTAKES = 20

_MISTAKE_CHARS = 200
_DEEPEST = 100
_PAIRS = (
    ("minimum", "maximum", {"number", "integer"}),
    ("minLength", "maxLength", {"string"}),
    ("minItems", "maxItems", {"array"}),
    ("minProperties", "maxProperties", {"object"}),
)
_HINT = "`output_schema` is a JSON Schema (draft 2020-12) that some value can meet, with references inside itself only."


def check_schema(schema: dict[str, Any]) -> None:
    """Raises ``InvalidInput`` for a schema that is none, too large, refers outside itself, or can be met by no value."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    if len(json.dumps(schema, ensure_ascii=False).encode("utf-8", "replace")) > MAX_SCHEMA_BYTES:
        raise InvalidInput(f"The output schema is larger than {MAX_SCHEMA_BYTES:,} bytes.", hint=_HINT)
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
        why = next(_bad_references(schema), None) or _impossible(schema, 0)
    except SchemaError as error:
        why = f"at {_place(error.absolute_path)}: {error.message[:_MISTAKE_CHARS]}"
    except RecursionError:
        why = "it is nested too deeply"
    if why:
        raise InvalidInput(f"The output schema cannot be used: {why}.", hint=_HINT)


def mistakes_in(value: Any, schema: dict[str, Any]) -> list[str]:
    """What keeps ``value`` from holding ``schema``, a sentence each, at most ``MAX_MISTAKES``; empty where it does."""
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
    found: list[str] = []
    try:
        for error in validator.iter_errors(value):
            found.append(f"at {_place(error.absolute_path)}: {error.message[:_MISTAKE_CHARS]}")
            if len(found) == MAX_MISTAKES:
                break
    except RecursionError:
        found.append("the schema refers to itself without end, or the value is nested too deeply")
    return found


def _place(path: Any) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _bad_references(schema: Any) -> Iterator[str]:
    for part in _parts(schema):
        reference = part.get("$ref")
        if isinstance(reference, str) and not _resolves(schema, reference):
            yield f"`{reference[:_MISTAKE_CHARS]}` is not a part of it"


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in the schema, at any depth."""
    waiting = [schema]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


def _resolves(schema: Any, reference: str) -> bool:
    if not reference.startswith("#"):
        return False
    here = schema
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        here = here.get(name) if isinstance(here, dict) else None
    return here is not None and (reference in ("#", "#/") or reference.startswith("#/"))


def _impossible(schema: Any, depth: int) -> str | None:
    """Why no value can hold the schema, where that can be seen by looking; ``None`` proves nothing."""
    if schema is False:
        return "`false` accepts no value"
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    checks = (_contradictory_ends, _empty_choice, _dead_alternatives, _dead_required)
    return next((why for check in checks if (why := check(schema, depth + 1))), None)


def _types(schema: dict[str, Any]) -> set[str] | None:
    """The types that the schema and its ``allOf`` leave; ``None``: any."""
    left: set[str] | None = None
    for part in (schema, *(p for p in schema.get("allOf") or () if isinstance(p, dict))):
        said = part.get("type")
        if said is None:
            continue
        named = {said} if isinstance(said, str) else set(said)
        named |= {"integer"} if "number" in named else set()
        left = named if left is None else left & named
    return left


def _contradictory_ends(schema: dict[str, Any], depth: int) -> str | None:
    types = _types(schema)
    if types is not None and not types:
        return "its types exclude each other"
    for low, high, kinds in _PAIRS:
        if types is not None and types <= kinds and low in schema and high in schema and schema[low] > schema[high]:
            return f"`{low}` {schema[low]} is above `{high}` {schema[high]}"
    return None


def _empty_choice(schema: dict[str, Any], depth: int) -> str | None:
    if schema.get("not") in ({}, True) and "not" in schema:
        return "`not` excludes every value"
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    plain = {key: value for key, value in schema.items() if "ref" not in key.lower()}
    if choices is not None and all(mistakes_in(choice, plain) for choice in choices):
        return "none of its fixed values fits the rest of it"
    return None


def _dead_alternatives(schema: dict[str, Any], depth: int) -> str | None:
    for part in schema.get("allOf") or ():
        if why := _impossible(part, depth):
            return why
    for word in ("anyOf", "oneOf"):
        reasons = [_impossible(part, depth) for part in schema.get(word) or ()]
        if reasons and all(reasons):
            return f"no part of `{word}` can be met: {reasons[0]}"
    return None


def _dead_required(schema: dict[str, Any], depth: int) -> str | None:
    """Only where the value must be an object (or a list): any other value needs no properties (no items)."""
    types = _types(schema)
    if types == {"array"} and schema.get("minItems", 0) > 0 and (why := _impossible(schema.get("items", {}), depth)):
        return f"its items: {why}"
    if types != {"object"}:
        return None
    properties = schema.get("properties") or {}
    closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    for name in schema.get("required") or ():
        if closed and name not in properties:
            return f"`{name}` is required, and no such property is allowed"
        if why := _impossible(properties.get(name, {}), depth):
            return f"the required `{name}`: {why}"
    return None
