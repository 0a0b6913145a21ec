"""Arguments against JSON Schemas, where references stand as holes whose value, and perhaps type, is not known yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import JsonValue

from journal.errors import InvalidInput
from planners.json_schema import check_schema
from planners.plan.references import Reference, parse

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that a reference will fill. ``types`` are the JSON types it may have; none: anything."""

    text: str
    types: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return self.text


def with_holes(value: JsonValue, type_of: Callable[[Reference], frozenset[str]]) -> Any:
    """A value of a plan as a schema can judge it. Raises ``MalformedReference``."""
    if isinstance(value, str):
        parsed = parse(value)
        if isinstance(parsed, Reference):
            return Hole(value, type_of(parsed))
        if all(isinstance(part, str) for part in parsed.parts):
            return "".join(str(part) for part in parsed.parts)
        return Hole(value, frozenset({"string"}))
    if isinstance(value, list):
        return [with_holes(item, type_of) for item in value]
    if isinstance(value, dict):
        return {key: with_holes(item, type_of) for key, item in value.items()}
    return value


def mistakes_against(schema: Schema, value: Any) -> Iterator[str]:
    """Where ``value`` does not fit ``schema``, each with its place. A schema that is itself broken judges nothing."""
    from jsonschema.exceptions import SchemaError, UnknownType
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        errors = list(_validator()(schema, registry=Registry()).iter_errors(value))
    except (SchemaError, UnknownType, Unresolvable, RecursionError):
        return
    for error in errors:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        yield f"{where.lstrip('.')}: {error.message[:200]}" if where else error.message[:200]


def broken(schema: Schema) -> str | None:
    """Why no value can be asked for by ``schema``; ``None`` if one can."""
    try:
        check_schema(dict(schema))
    except InvalidInput as error:
        return error.message
    return None


def types_at(schema: Schema, path: tuple[str | int, ...]) -> frozenset[str]:
    """The JSON types that a path into a value of ``schema`` leads to; none: not known.

    Raises ``LookupError`` where it leads nowhere.
    """
    for part in path:
        known = _types(schema)
        if isinstance(part, str) and (not known or "object" in known):
            properties = schema.get("properties")
            if properties and part not in properties and not schema.get("additionalProperties"):
                raise LookupError(f"there is no {part!r}; there are {', '.join(properties)}")
            schema = (properties or {}).get(part, {})
        elif isinstance(part, int) and (not known or "array" in known):
            schema = schema.get("items") or {}
        else:
            raise LookupError(f"it is {' or '.join(sorted(known))}, which has no {part!r}")
        if not isinstance(schema, Mapping):
            return frozenset()
    return _types(schema)


def _types(schema: Schema) -> frozenset[str]:
    said = schema.get("type")
    return frozenset([said] if isinstance(said, str) else said or ())


@cache
def _validator() -> Any:
    """JSON Schema 2020-12, for which a hole fits everywhere but where its type cannot."""
    from jsonschema import Draft202012Validator, validators

    def letting_holes_pass(keyword: str, check: Any) -> Any:
        def checked(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[Any]:
            if not isinstance(instance, Hole):
                yield from check(validator, rule, instance, schema) or ()
            elif keyword == "type" and not _may_be(instance, [rule] if isinstance(rule, str) else rule):
                yield _wrong_type(instance, rule)

        return checked

    keywords = {name: letting_holes_pass(name, check) for name, check in Draft202012Validator.VALIDATORS.items()}
    return validators.extend(Draft202012Validator, keywords)


def _wrong_type(hole: Hole, rule: Any) -> Any:
    from jsonschema.exceptions import ValidationError

    wanted = rule if isinstance(rule, str) else " or ".join(rule)
    return ValidationError(f"{hole.text} is {' or '.join(sorted(hole.types))}, not {wanted}")


def _may_be(hole: Hole, wanted: list[str]) -> bool:
    if not hole.types:
        return True
    numbers = {"number", "integer"}
    return bool(hole.types & set(wanted)) or bool(hole.types & numbers and numbers & set(wanted))
