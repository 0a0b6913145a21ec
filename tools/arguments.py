"""The arguments of a tool: their JSON Schema, and their check against a function's signature."""

import difflib
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from journal.errors import ConfigurationError
from tools.errors import InvalidArguments
from tools.types import ToolContext

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_NAME_MAPS = frozenset({"properties", "$defs", "patternProperties"})
_VALUES = frozenset({"default", "const", "enum", "examples"})
_SHOWN_CHARS = 60


class Arguments:
    """What a function may be called with. ``context`` names the parameter that takes the ``ToolContext``, if there is one."""

    def __init__(self, function: Callable[..., Any], descriptions: Mapping[str, str], where: str) -> None:
        """Raises ``ConfigurationError``, which begins with ``where``, for a signature that is not whole."""
        hints = _hints(function, where)
        parameters = _parameters(function, hints, where)
        self.context = next((p.name for p in parameters if _is_context(hints[p.name])), None)
        shown = [p for p in parameters if p.name != self.context]
        self.names = tuple(p.name for p in shown)
        self._fields = {f"a{n}": p.name for n, p in enumerate(shown)}
        fields: dict[str, Any] = {
            f"a{n}": _field(p, hints[p.name], descriptions.get(p.name), where) for n, p in enumerate(shown)
        }
        try:
            self._model: type[BaseModel] = create_model("Arguments", __config__=ConfigDict(extra="forbid"), **fields)
            self.schema = _schema(self._model)
        except (PydanticUserError, TypeError) as error:
            first = str(error).splitlines()[0]
            raise ConfigurationError(f"{where}: an argument's type has no JSON Schema: {first}") from None

    def check(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments in the types of the signature; those left out stay out. Raises ``InvalidArguments``."""
        try:
            valid = self._model.model_validate(dict(args))
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
            raise InvalidArguments(_explain(details, args, self.names)) from None
        return {self._fields[name]: getattr(valid, name) for name in valid.model_fields_set}


def _hints(function: Callable[..., Any], where: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{where}: a type annotation cannot be read: {error}.",
            hint="Import the type at the top of the file, not only for type checkers.",
        ) from None


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or ToolContext in get_args(hint)


def _parameters(function: Callable[..., Any], hints: dict[str, Any], where: str) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(function).parameters.values())
    for parameter in parameters:
        if parameter.kind not in _NAMED:
            raise ConfigurationError(
                f"{where}: {parameter} cannot be given by name.", hint="A tool names each of its arguments."
            )
        if parameter.name not in hints:
            raise ConfigurationError(
                f"{where}: the parameter `{parameter.name}` has no type annotation.",
                hint=f"Write `{parameter.name}: str` (or its type); what is no tool has a name that starts with `_`.",
            )
    return parameters


def _field(parameter: inspect.Parameter, hint: Any, description: str | None, where: str) -> tuple[Any, Any]:
    default = ... if parameter.default is parameter.empty else parameter.default
    if isinstance(default, FieldInfo):
        raise ConfigurationError(
            f"{where}: the default of `{parameter.name}` is a Field.",
            hint=f"Write `{parameter.name}: Annotated[TYPE, Field(...)] = DEFAULT`.",
        )
    described = any(isinstance(extra, FieldInfo) and extra.description for extra in getattr(hint, "__metadata__", ()))
    named = Field(alias=parameter.name) if described else Field(alias=parameter.name, description=description)
    return Annotated[hint, named], default


class _Schema(GenerateJsonSchema):
    ignored_warning_kinds = frozenset({"skipped-choice", "non-serializable-default"})  # type: ignore[assignment]


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = _without_titles(model.model_json_schema(schema_generator=_Schema))
    schema.setdefault("properties", {})
    return dict(schema)


def _without_titles(schema: Any) -> Any:
    """Titles only repeat the names, and a model pays for each of them in every call."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _part(key, value) for key, value in schema.items() if key != "title"}


def _part(key: str, value: Any) -> Any:
    if key in _VALUES:
        return value
    if key in _NAME_MAPS:
        return {name: _without_titles(part) for name, part in value.items()}
    return _without_titles(value)


def _explain(errors: list[ErrorDetails], args: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """One sentence for each place that is wrong; the branches of a union are joined by "or"."""
    places: dict[str, list[str]] = {}
    for error in errors:
        path = _path(error, args)
        says = places.setdefault(path, [])
        sentence = _sentence(error, path, names)
        if sentence not in says:
            says.append(sentence)
    return " ".join(f"{' or '.join(says)}." for says in places.values())


def _path(error: ErrorDetails, args: Any) -> str:
    """The place in ``args``: pydantic's location without the names of the types it tried there."""
    parts: list[str] = []
    here = args
    for part in error["loc"]:
        if isinstance(here, Mapping) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif error["type"] != "missing" or part != error["loc"][-1]:
            continue
        parts.append(f"[{part}]" if isinstance(part, int) else f".{part}")
    return "".join(parts).removeprefix(".") or "arguments"


def _sentence(error: ErrorDetails, path: str, names: tuple[str, ...]) -> str:
    if error["type"] == "missing":
        return f"`{path}` is missing"
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(path, names, 1)
        known = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(names) or 'none'}"
        return f"`{path}` is not an argument ({known})"
    message = error["msg"]
    return f"`{path}`: {message[0].lower()}{message[1:].rstrip('.')} (got {_shown(error['input'])})"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
