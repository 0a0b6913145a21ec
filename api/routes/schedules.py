"""Schedules: tasks that are submitted at set times."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from agents.scheduling.requests import BackfillRequest, ScheduleChange, ScheduleRequest
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schedule_documents import FireDocument, FireList, ScheduleDocument, ScheduleList
from api.schemas import TaskDocument

router = APIRouter(prefix="/v1/schedules", tags=["schedules"], route_class=StrictRoute)

Limit = Annotated[int, Query(ge=1, le=1000)]


class NewSchedule(ScheduleRequest):
    """A schedule to make; with ``paused`` it does not fire before it is resumed."""

    paused: bool = Field(False)

    def request(self) -> ScheduleRequest:
        return ScheduleRequest.model_validate(self.model_dump(exclude={"paused"}, exclude_unset=True))


@router.get("", response_model=ScheduleList, responses=may_fail(503))
@needs(Role.VIEWER)
async def list_schedules(runtime: Served, caller: Caller) -> Response:
    """The schedules of the key's tenant, by name."""
    records = await runtime.schedules.all(caller.tenant)
    documents = tuple(ScheduleDocument.of(record, runtime.schedules.agents) for record in records)
    return answer(ScheduleList.model_construct(schedules=documents))


@router.post("", status_code=201, response_model=ScheduleDocument, responses=may_fail(400, 409, 413, 415, 422, 503, 507))
@needs(Role.SUBMITTER)
async def create_schedule(runtime: Served, caller: Caller, body: NewSchedule) -> Response:
    """Make a schedule."""
    made = await runtime.schedules.create(
        caller.tenant, body.request(), paused=body.paused, actor=caller.name, via=caller.key_id
    )
    return answer(ScheduleDocument.of(made, runtime.schedules.agents), 201)


@router.get("/{schedule_id}", response_model=ScheduleDocument, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def show_schedule(runtime: Served, caller: Caller, schedule_id: str) -> Response:
    """One schedule, with its next fires."""
    record = await runtime.schedules.get(caller.tenant, schedule_id)
    return answer(ScheduleDocument.of(record, runtime.schedules.agents))


@router.get("/{schedule_id}/fires", response_model=FireList, responses=may_fail(404, 422, 503))
@needs(Role.VIEWER)
async def list_fires(runtime: Served, caller: Caller, schedule_id: str, limit: Limit = 50) -> Response:
    """What became of its fires, newest first."""
    fires = await runtime.schedules.fires(caller.tenant, schedule_id, limit)
    return answer(FireList(fires=tuple(FireDocument.of(fire) for fire in fires)))


@router.patch("/{schedule_id}", response_model=ScheduleDocument, responses=may_fail(400, 404, 409, 413, 415, 422, 503, 507))
@needs(Role.SUBMITTER)
async def change_schedule(runtime: Served, caller: Caller, schedule_id: str, body: ScheduleChange) -> Response:
    """Pause it (`{"paused": true}`), resume it, or change what is given."""
    record = await runtime.schedules.change(caller.tenant, schedule_id, body, actor=caller.name, via=caller.key_id)
    return answer(ScheduleDocument.of(record, runtime.schedules.agents))


@router.delete("/{schedule_id}", status_code=204, responses=may_fail(404, 409, 503, 507))
@needs(Role.SUBMITTER)
async def remove_schedule(runtime: Served, caller: Caller, schedule_id: str) -> Response:
    """Remove it; its tasks stay."""
    await runtime.schedules.remove(caller.tenant, schedule_id, actor=caller.name, via=caller.key_id)
    return Response(status_code=204)


@router.post("/{schedule_id}/run", status_code=202, response_model=TaskDocument, responses=may_fail(404, 422, 503, 507))
@needs(Role.SUBMITTER)
async def run_schedule(runtime: Served, caller: Caller, schedule_id: str) -> Response:
    """Submit its task now, also while it is paused or another one is under way; its fires go on as they would."""
    task = await runtime.schedules.run(caller.tenant, schedule_id, actor=caller.name, via=caller.key_id)
    return answer(TaskDocument.of(task), 202)


@router.post(
    "/{schedule_id}/backfill",
    status_code=202,
    response_model=FireList,
    responses=may_fail(400, 404, 409, 413, 415, 422, 503, 507),
)
@needs(Role.SUBMITTER)
async def backfill_schedule(runtime: Served, caller: Caller, schedule_id: str, body: BackfillRequest) -> Response:
    """Make every fire of a range of the past that has no task: one task after the other, oldest first."""
    fires = await runtime.schedules.backfill(caller.tenant, schedule_id, body, actor=caller.name, via=caller.key_id)
    return answer(FireList(fires=tuple(FireDocument.of(fire) for fire in fires)), 202)
