"""What is wrong with a request, in words: each mistake names its field, and an unknown one the closest known."""

import difflib
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError

from agents.settings import fields_at

SHOWN = 10
_NAME_CHARS = 80

M = TypeVar("M", bound=BaseModel)


class Mistake(BaseModel):
    """One mistake. ``field`` is a path such as ``budget.max_steps``, empty for the whole body."""

    where: Literal["body", "query", "path", "header"] = Field(serialization_alias="in")
    field: str
    detail: str


class MistakenBody(RequestValidationError):
    """A body that a route validated itself, and the model it does not fit."""

    def __init__(self, model: type[BaseModel], error: ValidationError) -> None:
        super().__init__([{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False, include_input=False)])
        self.model = model


def validated(model: type[M], data: Any) -> M:
    """``data`` as the model has it, for a route that reads its body itself. Raises ``MistakenBody``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise MistakenBody(model, error) from None


def mistakes_in(route: APIRoute, error: RequestValidationError) -> tuple[tuple[Mistake, ...], str]:
    """The first mistakes, and one sentence that tells them all."""
    errors = error.errors()
    body = error.model if isinstance(error, MistakenBody) else _model(route.body_field)
    models = {"body": body, "query": next(map(_model, route.dependant.query_params), None)}
    mistakes = tuple(_mistake(models, found) for found in errors[:SHOWN])
    sentence = "; ".join(m.detail for m in mistakes)
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return mistakes, f"The request has mistakes: {sentence}{more}."


def _mistake(models: Mapping[str, type[BaseModel] | None], error: Mapping[str, Any]) -> Mistake:
    where, *path = error["loc"]
    loc = tuple(part[:_NAME_CHARS] if isinstance(part, str) else part for part in path)
    field = ".".join(map(str, loc))
    said = error["msg"].removeprefix("Value error, ")
    said = _unknown(models.get(where), loc) if error["type"] == "extra_forbidden" else said[0].lower() + said[1:]
    return Mistake(where=where, field=field, detail=f"{field or 'the body'}: {said}")


def _unknown(model: type[BaseModel] | None, loc: tuple[int | str, ...]) -> str:
    known = fields_at(model, loc[:-1]) if model else []
    close = difflib.get_close_matches(str(loc[-1]), known, 1)
    return f"unknown field, did you mean `{close[0]}`?" if close else f"unknown field; known: {', '.join(sorted(known))}"


def _model(field: Any) -> type[BaseModel] | None:
    """The model that a route's body or query must fit, if it is one."""
    annotation = field.field_info.annotation if field is not None else None
    return next((t for t in _alternatives(annotation) if isinstance(t, type) and issubclass(t, BaseModel)), None)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))
