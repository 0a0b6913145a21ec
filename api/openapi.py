"""The OpenAPI document: FastAPI's, with errors described as the problem documents they are, and each route's roles."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic.json_schema import models_json_schema

from api.principals import needed
from api.problems import ProblemDocument, may_fail

_REF = "#/components/schemas/{model}"
_HTTP_VALIDATION = {"HTTPValidationError", "ValidationError"}


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What ``app.openapi`` should be: builds the document on first use."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app)
        return app.openapi_schema

    return openapi


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes, summary="A journaled agent runtime.")
    schemas = document["components"]["schemas"]
    for name in _HTTP_VALIDATION:
        schemas.pop(name, None)
    _, problem = models_json_schema([(ProblemDocument, "serialization")], ref_template=_REF)
    schemas.update(problem["$defs"])
    roles = {(route.path_format, method): needed(route.endpoint) for route in _routes(app) for method in route.methods or ()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if declared := roles.get((path, method.upper())):
                operation["x-roles"] = [*declared]
            _describe_errors(operation["responses"], needs_key=bool(declared))
    return document


def _routes(app: FastAPI) -> list[RouteContext]:
    return [*iter_route_contexts(app.routes)]


def _describe_errors(responses: dict[str, Any], *, needs_key: bool) -> None:
    """Put problem documents where FastAPI put its own errors, and add what the gate may answer on every route."""
    said = responses.get("422")
    if said is not None and "application/json" in said["content"]:
        responses["422"] = may_fail(422)[422]
    everywhere = (401, 403, 413, 421, 429, 500) if needs_key else (421, 500)
    for status, response in may_fail(*everywhere).items():
        responses.setdefault(str(status), response)
