"""Conditions of ``when``: comparisons of a referenced value with a literal, joined by ``all``, ``any`` and ``not``.

Total: comparing what cannot be compared is false, and so is every comparison with what is not there; only ``empty`` is true
of it.
"""

from collections.abc import Callable, Iterator, Mapping

from pydantic import JsonValue

from journal.plans import Condition
from planners.plan.references import Labelled, MissingValue, Reference, look_up, parse

_JOINS = ("all", "any", "not_")


def holds(condition: Condition, scope: Mapping[str, Labelled]) -> bool:
    """Whether a condition is true of the results in ``scope``."""
    if condition.all is not None:
        return all(holds(part, scope) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, scope) for part in condition.any)
    if condition.not_ is not None:
        return not holds(condition.not_, scope)
    op = condition.op or "exists"
    try:
        found = look_up(_reference(condition), scope).value
    except MissingValue:
        return op == "empty"
    return OPERATORS[op](found, condition.value)


def references_of(condition: Condition) -> Iterator[Reference]:
    """Every reference a condition looks at. Raises ``MalformedReference``."""
    for part in (*(condition.all or ()), *(condition.any or ()), *filter(None, (condition.not_,))):
        yield from references_of(part)
    if condition.ref is not None:
        parsed = parse(condition.ref)
        if isinstance(parsed, Reference):
            yield parsed


def mistakes_in(condition: Condition) -> Iterator[str]:
    """What is wrong with a condition's shape, in words for the model."""
    joins = [name for name in _JOINS if getattr(condition, name) is not None]
    if len(joins) + (condition.ref is not None) != 1:
        yield "a condition is either `ref` with `op`, or one of `all`, `any` and `not`"
        return
    if condition.ref is not None:
        if condition.op not in OPERATORS:
            yield f"there is no op {condition.op!r}; there are {', '.join(OPERATORS)}"
        if not condition.ref.startswith("$") or condition.ref.startswith("$$"):
            yield f"{condition.ref!r} is not a reference such as `$step.key`"
    for part in (*(condition.all or ()), *(condition.any or ()), *filter(None, (condition.not_,))):
        yield from mistakes_in(part)


def _reference(condition: Condition) -> Reference:
    parsed = parse(condition.ref or "")
    if not isinstance(parsed, Reference):
        raise ValueError(f"{condition.ref!r} is not a reference")
    return parsed


def _equal(found: JsonValue, value: JsonValue) -> bool:
    """JSON's equality: ``true`` is not 1."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    return found == value


def _ordered(compare: Callable[[float | str, float | str], bool]) -> Callable[[JsonValue, JsonValue], bool]:
    def test(found: JsonValue, value: JsonValue) -> bool:
        numbers = _is_number(found) and _is_number(value)
        texts = isinstance(found, str) and isinstance(value, str)
        return (numbers or texts) and compare(found, value)  # type: ignore[arg-type]

    return test


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(found: JsonValue, value: JsonValue) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, dict):
        return isinstance(value, str) and value in found
    return isinstance(found, list) and any(_equal(item, value) for item in found)


OPERATORS: dict[str, Callable[[JsonValue, JsonValue], bool]] = {
    "eq": _equal,
    "ne": lambda found, value: not _equal(found, value),
    "lt": _ordered(lambda a, b: a < b),  # type: ignore[operator]
    "le": _ordered(lambda a, b: a <= b),  # type: ignore[operator]
    "gt": _ordered(lambda a, b: a > b),  # type: ignore[operator]
    "ge": _ordered(lambda a, b: a >= b),  # type: ignore[operator]
    "in": lambda found, value: _contains(value, found),
    "contains": _contains,
    "exists": lambda found, value: found is not None,
    "empty": lambda found, value: found in (None, "") or found == [] or found == {},
}
