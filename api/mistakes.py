"""What is wrong with a request, in words: each mistake names its field, and an unknown one the closest known."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from agents.settings import fields_at

SHOWN = 10
_NAME_CHARS = 80


class Mistake(BaseModel):
    """One mistake. ``field`` is a path such as ``budget.max_steps``, empty for the whole body."""

    where: Literal["body", "query", "path", "header"] = Field(serialization_alias="in")
    field: str
    detail: str


def mistakes_in(route: APIRoute, errors: Sequence[Mapping[str, Any]]) -> tuple[tuple[Mistake, ...], str]:
    """The first mistakes, and one sentence that tells them all."""
    mistakes = tuple(_mistake(route, error) for error in errors[:SHOWN])
    sentence = "; ".join(m.detail for m in mistakes)
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return mistakes, f"The request has mistakes: {sentence}{more}."


def _mistake(route: APIRoute, error: Mapping[str, Any]) -> Mistake:
    where, *path = error["loc"]
    loc = tuple(part[:_NAME_CHARS] if isinstance(part, str) else part for part in path)
    field = ".".join(map(str, loc))
    said = error["msg"].removeprefix("Value error, ")
    said = _unknown(_model(route, where), loc) if error["type"] == "extra_forbidden" else said[0].lower() + said[1:]
    return Mistake(where=where, field=field, detail=f"{field or 'the body'}: {said}")


def _unknown(model: type[BaseModel] | None, loc: tuple[int | str, ...]) -> str:
    known = fields_at(model, loc[:-1]) if model else []
    close = difflib.get_close_matches(str(loc[-1]), known, 1)
    return f"unknown field, did you mean `{close[0]}`?" if close else f"unknown field; known: {', '.join(sorted(known))}"


def _model(route: APIRoute, where: str) -> type[BaseModel] | None:
    """The model whose fields the request should have named."""
    fields = [route.body_field] if where == "body" else route.dependant.query_params if where == "query" else []
    annotations = (field.field_info.annotation for field in fields if field is not None)
    return next((a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel)), None)
