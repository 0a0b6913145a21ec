"""Errors as RFC 9457 problem documents. One table says which error has which status; nothing else decides."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from api.mistakes import Mistake, mistakes_in
from journal.errors import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    JourneymanError,
    NotAllowed,
    NotFound,
    SchemaTooNew,
    StaleLease,
    StorageContended,
    StorageError,
    StorageFull,
    StorageUnavailable,
)

MEDIA_TYPE = "application/problem+json"

STATUS_OF: Mapping[type[JourneymanError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    InvalidInput: 422,
    ConfigurationError: 500,
    StaleLease: 503,
    StorageFull: 507,
    StorageContended: 503,
    StorageUnavailable: 503,
    SchemaTooNew: 503,
    StorageError: 500,
    JourneymanError: 500,
}

_TITLES: Mapping[int, str] = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Body too large",
    415: "Unsupported media type",
    421: "Unknown host",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
    507: "Storage full",
}

_DESCRIPTIONS: Mapping[int, str] = {
    403: "The key has not the role or scope for this.",
    404: "There is no such thing, or it belongs to another tenant.",
    409: "The thing is in a state that forbids the request.",
    413: "The body is larger than the limit.",
    415: "The body is of a type that this route does not read.",
    422: "The request cannot be used as it is; `errors` names each mistake.",
    429: "The key asks too often; `Retry-After` says when to ask again.",
    503: "Try again later.",
}

_STORAGE: Mapping[type[StorageError], str] = {
    StorageFull: "There is no room left to store this; nothing was written.",
    StorageContended: "The database is too busy with other work.",
    StorageUnavailable: "The database cannot be reached.",
    SchemaTooNew: "The database was written by a newer version of this program.",
}
"""What the client is told of a storage error."""

_WAYS_ON: Mapping[int, str] = {
    404: "The lists (GET /v1/tasks, /v1/approvals, /v1/memory, /v1/keys) name what there is.",
    409: "Look at it again: it has moved on since.",
    422: "Mend the request and send it again; nothing was done.",
    500: "Look into the server's log; `journeyman doctor` checks every part.",
    503: "Try again later; `journeyman doctor` on the server says what is wrong.",
    507: "Make room where the server keeps its database, then send it again.",
}
"""How to mend what the error itself has no better hint for."""

RETRY_SECONDS = 2
_PATH_CHARS = 200

_log = logging.getLogger(__name__)


class ProblemDocument(BaseModel):
    """Every error's body. ``type`` names the kind of problem and is stable; ``hint`` says how to mend it."""

    type: str = Field(examples=["urn:journeyman:problem:not-found"])
    title: str
    status: int
    detail: str
    hint: str
    errors: tuple[Mistake, ...] | None = None
    """With 422: each mistake in the request."""
    request_id: str | None = None
    """With 500: what to look for in the server's log."""


class Fault(HTTPException):
    """An error that is known only at the door: wrong host, no key, body too large."""

    def __init__(self, status: int, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.hint = hint


def may_fail(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI ``responses`` of a route that may end in these statuses; 401 is added to every route under ``/v1``."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {"description": _DESCRIPTIONS.get(status, _TITLES[status]), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def known(error: Exception) -> bool:
    """Whether the error has a sentence for the client; any other may only be logged."""
    return isinstance(error, JourneymanError | HTTPException | RequestValidationError)


def respond(error: Exception, *, request_id: str | None = None) -> Response:
    """The problem document of any exception. One that is not ``known`` says nothing of what happened inside."""
    if isinstance(error, HTTPException):
        return _document(error.status_code, str(error.detail), getattr(error, "hint", ""), headers=error.headers)
    if isinstance(error, StorageError):
        _log.error("the database failed a request: %s", error.message)
    if isinstance(error, JourneymanError):
        status = _status(type(error))
        retry = {"retry-after": str(RETRY_SECONDS)} if status == 503 else None
        return _document(status, _told(error), error.hint, headers=retry)
    hint = "Look for the request id in the server's log."
    return _document(500, "The server made a mistake; it is logged.", hint, request_id=request_id)


async def handle(request: Request, error: Exception) -> Response:
    """The exception handler of the application."""
    if isinstance(error, RequestValidationError):
        mistakes, detail = mistakes_in(request.scope["route"], error)
        return _document(422, detail, "The route's fields are described under /docs.", errors=mistakes)
    if isinstance(error, HTTPException) and not isinstance(error, Fault) and error.status_code in (404, 405):
        detail = f"There is no route {request.method} {request.url.path[:_PATH_CHARS]}."
        return _document(error.status_code, detail, "The routes are described under /docs.", headers=error.headers)
    return respond(error)


def _status(kind: type[JourneymanError]) -> int:
    return next(STATUS_OF[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS_OF)


def _told(error: JourneymanError) -> str:
    """Storage errors name files and servers: that is for the log."""
    return _STORAGE.get(type(error), "The database refused.") if isinstance(error, StorageError) else error.message


def _document(status: int, detail: str, hint: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    title = _TITLES.get(status, "Error")
    document = ProblemDocument(
        type=f"urn:journeyman:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        hint=hint or _WAYS_ON.get(status, ""),
        **more,
    )
    body = to_json(document, exclude_none=True)
    return Response(body, status, dict(headers) if headers else None, MEDIA_TYPE)
