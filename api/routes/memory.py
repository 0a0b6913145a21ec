"""Retrieval memory: put documents in, search, list and forget."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, params
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from agents.runtime import Runtime
from api.mistakes import validated
from api.principals import Principal, Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer, read_json
from api.schemas import FoundDocument, FoundList, IngestedDocument, MemoryItemDocument, MemoryPage
from api.uploads import received_file
from journal.audit import Act
from journal.errors import InvalidInput
from memory.ingest.media_types import media_type_of
from memory.items import Document, Ingested, Query, private_label

router = APIRouter(prefix="/v1/memory", tags=["memory"], route_class=StrictRoute)

DEFAULT_NAMESPACE = "default"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class DocumentRequest(BaseModel):
    """A text to remember. ``source`` names it in citations, and its ending the form of the text (``rules.md``, ``ports.csv``);
    the same source again replaces what was there."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(min_length=1)]
    source: Name
    namespace: Name = DEFAULT_NAMESPACE
    metadata: dict[str, JsonValue] = Field(default_factory=dict)


class UploadForm(BaseModel):
    """A file to remember. ``source`` is the file's name unless given."""

    model_config = ConfigDict(extra="forbid")

    source: Name | None = None
    namespace: Name = DEFAULT_NAMESPACE


class Filters(BaseModel):
    """What to search in; ``source`` is one document's."""

    model_config = ConfigDict(extra="forbid")

    source: Name | None = None


class SearchRequest(BaseModel):
    """What to look for. ``namespace`` of ``null`` means all."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    k: int = Field(8, ge=1, le=100)
    namespace: Name | None = None
    filters: Filters = Filters()


class ItemQuery(BaseModel):
    """Which items to list. ``after`` is the ``next`` of the page before."""

    model_config = ConfigDict(extra="forbid")

    namespace: Name | None = None
    source: Name | None = None
    after: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=1000)


def _request_body() -> dict[str, Any]:
    """The two forms of a document, for the OpenAPI document: FastAPI describes one alone."""
    form = UploadForm.model_json_schema()
    form["properties"]["file"] = {"type": "string", "format": "binary"}
    form["required"] = ["file"]
    bodies = {"application/json": DocumentRequest.model_json_schema(), "multipart/form-data": form}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in bodies.items()}}}


@router.post(
    "/documents",
    status_code=201,
    response_model=IngestedDocument,
    responses=may_fail(400, 409, 413, 415, 422, 503, 507),
    openapi_extra=_request_body(),
)
@needs(Role.SUBMITTER)
async def add_document(request: Request, runtime: Served, caller: Caller) -> Response:
    """Remember a text, or an uploaded file: text, Markdown, HTML, PDF, DOCX, e-mail, CSV, JSON(L), Parquet or program text."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _add_file(request, runtime, caller)
    body = validated(DocumentRequest, await read_json(request))
    media_type = media_type_of(body.source)
    document = Document(body.text, body.source, private_label(body.source), media_type, body.metadata)
    return _ingested(body.source, await runtime.memory.add(caller.tenant, body.namespace, [document]))


async def _add_file(request: Request, runtime: Runtime, caller: Principal) -> Response:
    async with received_file(request) as (file, name, fields):
        form = validated(UploadForm, fields)
        source = form.source or name
        return _ingested(source, await runtime.memory.add_path(caller.tenant, form.namespace, file, source=source))


def _ingested(source: str, ingested: Ingested) -> Response:
    for why in ingested.skipped.values():
        raise InvalidInput(f"{source} was not remembered: {why}")
    return answer(IngestedDocument.of(source, ingested), 201)


@router.post("/search", response_model=FoundList, responses=may_fail(400, 413, 415, 422, 503))
@needs(Role.VIEWER)
async def search(runtime: Served, caller: Caller, body: SearchRequest) -> Response:
    """The items that fit the query best, best first."""
    namespaces = None if body.namespace is None else (body.namespace,)
    found = await runtime.memory.search(caller.tenant, Query(body.query, body.k, namespaces, body.filters.source))
    return answer(FoundList.model_construct(items=tuple(FoundDocument.found(recalled) for recalled in found)))


@router.get("", response_model=MemoryPage, responses=may_fail(422, 503))
@needs(Role.VIEWER)
async def list_items(runtime: Served, caller: Caller, which: Annotated[ItemQuery, params.Query()]) -> Response:
    """What memory holds, in the order of ids."""
    items = await runtime.memory.items(caller.tenant, **which.model_dump())
    following = items[-1].id if len(items) == which.limit else None
    return answer(MemoryPage.model_construct(items=tuple(MemoryItemDocument.of(item) for item in items), next=following))


@router.get("/{item_id}", response_model=MemoryItemDocument, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def show_item(runtime: Served, caller: Caller, item_id: str) -> Response:
    """One item."""
    return answer(MemoryItemDocument.of(await runtime.memory.get(caller.tenant, item_id)))


@router.delete("/{item_id}", status_code=204, responses=may_fail(404, 503))
@needs(Role.ADMIN)
async def forget_item(runtime: Served, caller: Caller, item_id: str) -> Response:
    """Forget one item for good."""
    item = await runtime.memory.get(caller.tenant, item_id)
    act = Act(caller.name, caller.key_id, "memory.forgotten", item_id, {"source": item.source, "namespace": item.namespace})
    await runtime.audit.record(caller.tenant, act)
    await runtime.memory.forget(caller.tenant, item_id)
    return Response(status_code=204)
