"""The OpenAPI document: FastAPI's, with errors described as the problem documents they are."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

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
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _describe_errors(operation["responses"], needs_key=path.startswith("/v1"))
    return document


def _describe_errors(responses: dict[str, Any], *, needs_key: bool) -> None:
    """Put problem documents where FastAPI put its own errors, and add what the gate may answer on every route."""
    said = responses.get("422")
    if said is not None and "application/json" in said["content"]:
        responses["422"] = may_fail(422)[422]
    everywhere = (401, 413, 421, 500) if needs_key else (421, 500)
    for status, response in may_fail(*everywhere).items():
        responses.setdefault(str(status), response)
