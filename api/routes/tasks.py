"""Tasks: submit, list, show, and the steps they took."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from agents.requests import TaskRequest
from api.principals import MCP_SERVERS, Role, needs
from api.problems import Fault, may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import StepList, TaskDocument, TaskPage
from api.steps import Steps
from journal.errors import Conflict, ThreadBusy
from journal.records import TaskFilter
from journal.values import Status

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=StrictRoute)

_EVENTS_AT_ONCE = 500

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same body gives the same task; with another body, 422.",
    ),
]
AsOf = Annotated[int | None, Query(ge=1, le=2**53, description="The seq of an event: the task as it was then.")]


class TaskQuery(BaseModel):
    """Which tasks to list. ``before`` is the ``next`` of the page before."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    thread_id: str | None = Field(None, max_length=200)
    agent: str | None = Field(None, max_length=200)
    before: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=1000)


@router.post("", status_code=202, response_model=TaskDocument, responses=may_fail(400, 403, 409, 413, 415, 422, 503, 507))
@needs(Role.SUBMITTER)
async def submit_task(runtime: Served, caller: Caller, body: TaskRequest, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit a goal. The task is on disk when this answers; a worker takes it from there.

    `mcp_servers` needs a key with the scope `mcp_servers`.
    """
    if body.mcp_servers and not caller.may(MCP_SERVERS):
        hint = f"Make a key that may: `journeyman keys create --name NAME --scope {MCP_SERVERS}`."
        raise Fault(403, "This key may not bring MCP servers with a task.", hint=hint)
    try:
        record = await runtime.submit(caller.tenant, body, by=caller.name, idempotency_key=idempotency_key)
    except ThreadBusy:
        raise
    except Conflict as conflict:
        raise Fault(422, conflict.message, hint=conflict.hint or "Use a new Idempotency-Key for a new request.") from None
    return answer(TaskDocument.of(record), 202)


@router.get("", response_model=TaskPage, responses=may_fail(422, 503))
@needs(Role.VIEWER)
async def list_tasks(runtime: Served, caller: Caller, which: Annotated[TaskQuery, Query()]) -> Response:
    """The tasks of the key's tenant, newest first."""
    records = await runtime.list_tasks(caller.tenant, TaskFilter(**which.model_dump()))
    following = records[-1].id if len(records) == which.limit else None
    return answer(TaskPage.model_construct(tasks=tuple(TaskDocument.of(record) for record in records), next=following))


@router.get("/{task_id}", response_model=TaskDocument, responses=may_fail(404, 422, 503))
@needs(Role.VIEWER)
async def show_task(runtime: Served, caller: Caller, task_id: str, as_of: AsOf = None) -> Response:
    """One task, now or as it was at an event."""
    return answer(TaskDocument.of(await runtime.task(caller.tenant, task_id, as_of=as_of)))


@router.get("/{task_id}/steps", response_model=StepList, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def list_steps(runtime: Served, caller: Caller, task_id: str) -> Response:
    """What the task did: each model turn and each tool call, in the order they began."""
    steps, after = Steps(), 0
    while events := await runtime.journal.read(caller.tenant, task_id, after=after, limit=_EVENTS_AT_ONCE):
        steps.add(events)
        after = events[-1].seq
    return answer(StepList.model_construct(steps=steps.rows()))
