"""A task's events, as a page or as a live stream."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.keys import KeyStore
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import EventPage, events_of
from api.stream import MEDIA_TYPE, EventStream
from journal.errors import InvalidInput

router = APIRouter(prefix="/v1/tasks/{task_id}/events", tags=["events"], route_class=StrictRoute)

_STREAM: dict[int | str, Any] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**53, description="For a stream that was cut off: the last id it had."),
]


class EventQuery(BaseModel):
    """From where to read. ``limit`` is for pages alone."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, le=2**53)
    limit: int = Field(200, ge=1, le=1000)


@router.get("", response_model=EventPage, responses={**_STREAM, **may_fail(404, 422, 503)})
@needs(Role.VIEWER)
async def read_events(
    request: Request,
    runtime: Served,
    caller: Caller,
    task_id: str,
    which: Annotated[EventQuery, Query()],
    last_event_id: LastEventId = None,
) -> Response:
    """Events from behind ``after``: a page, or with ``Accept: text/event-stream`` a stream that ends with the task.

    In the stream an event's id is its seq; ``llm.delta`` events, what a model is just writing, have none and may be missed.
    """
    record = await runtime.task(caller.tenant, task_id)
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        events = await runtime.journal.read(caller.tenant, task_id, after=which.after, limit=which.limit)
        following = events[-1].seq if events else which.after
        ended = record.status.ended and following >= record.last_seq
        return answer(EventPage.model_construct(events=events_of(events), next=following, ended=ended))
    keys: KeyStore = request.app.state.keys
    after = which.after if last_event_id is None else last_event_id
    if after > record.last_seq:
        raise InvalidInput(
            f"Task {task_id} has no event {after} to resume from; its last is {record.last_seq}.",
            hint="Resume with the id of an event that the stream has sent.",
        )
    return EventStream(
        runtime.follow(caller.tenant, task_id, after=after),
        runtime.deltas(task_id),
        closing=request.app.state.closing,
        heartbeat=request.app.state.settings.heartbeat_seconds,
        may_go_on=lambda: keys.is_open(request.headers.get("authorization")),
    )
