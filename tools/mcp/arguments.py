"""Whether arguments fit the JSON Schema that a server gave, said in a sentence that a model can act on.

The schema is a stranger's: nothing in it is fetched, none of its regular expressions is run (one can take for ever), and its
references are followed a bounded number of times. What is not checked here, the server checks.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from tools.errors import InvalidArguments

_MAX_REFERENCES = 2_000
_MAX_CHARS = 400


class _TooMuch(Exception):
    """The check would take too long."""


class ArgumentCheck:
    """The check of one tool's arguments. ``jsonschema`` is loaded when it is first used."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._references = 0

    def __call__(self, args: dict[str, Any]) -> None:
        """Raises ``InvalidArguments``."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        self._references = 0
        try:
            error = best_match(self._validator.iter_errors(args))
        except (_TooMuch, RecursionError, Unresolvable):
            return
        except Exception:  # a schema that is none: what it means only its server knows
            return
        if error is not None:
            where = error.json_path.removeprefix("$").removeprefix(".")
            raise InvalidArguments((f"{where}: {error.message}" if where else error.message)[:_MAX_CHARS] + ".")

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator, validators
        from referencing import Registry

        base = validators.validator_for(self._schema, default=Draft202012Validator)
        own = {"pattern": _unchecked, "patternProperties": _unchecked, "$ref": self._counted(base.VALIDATORS["$ref"])}
        own |= {name: _unless_patterns(base.VALIDATORS[name]) for name in _WITH_PATTERNS if name in base.VALIDATORS}
        return validators.extend(base, own)(self._schema, registry=Registry())

    def _counted(self, follow: Any) -> Any:
        def counted(validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[Any]:
            self._references += 1
            if self._references > _MAX_REFERENCES:
                raise _TooMuch
            yield from follow(validator, reference, instance, schema) or ()

        return counted


_WITH_PATTERNS = ("additionalProperties", "unevaluatedProperties")


def _unchecked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from ()


def _unless_patterns(check: Any) -> Any:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if "patternProperties" not in schema:
            yield from check(validator, value, instance, schema) or ()

    return checked
