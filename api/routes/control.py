"""What a person may do with a task while it runs or rests."""

from fastapi import APIRouter
from fastapi.responses import Response

from agents.doubts import Doubt, doubts_of
from agents.requests import InputRequest, RetryRequest
from api.principals import Role, needs
from api.problems import Fault, may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import CancelRequest, ForkRequest, TaskDocument
from journal.values import Value

router = APIRouter(prefix="/v1/tasks/{task_id}", tags=["tasks"], route_class=StrictRoute)


class DoubtList(Value):
    doubts: tuple[Doubt, ...]


_NO_BODY = may_fail(404, 409, 503, 507)
_BODY = may_fail(400, 404, 409, 413, 415, 422, 503, 507)


@router.post("/cancel", response_model=TaskDocument, responses=_BODY)
@needs(Role.SUBMITTER)
async def cancel_task(runtime: Served, caller: Caller, task_id: str, body: CancelRequest | None = None) -> Response:
    """Cancel the task, also in the middle of a call."""
    note = body.note if body else ""
    return answer(TaskDocument.of(await runtime.cancel(caller.tenant, task_id, by=caller.name, note=note)))


@router.post("/pause", response_model=TaskDocument, responses=_NO_BODY)
@needs(Role.SUBMITTER)
async def pause_task(runtime: Served, caller: Caller, task_id: str) -> Response:
    """Let the task rest before its next call."""
    return answer(TaskDocument.of(await runtime.pause(caller.tenant, task_id, by=caller.name)))


@router.post("/resume", response_model=TaskDocument, responses=_NO_BODY)
@needs(Role.SUBMITTER)
async def resume_task(runtime: Served, caller: Caller, task_id: str) -> Response:
    """Let a paused task go on."""
    return answer(TaskDocument.of(await runtime.resume(caller.tenant, task_id, by=caller.name)))


@router.post("/input", response_model=TaskDocument, responses=_BODY)
@needs(Role.SUBMITTER, Role.APPROVER)
async def send_input(runtime: Served, caller: Caller, task_id: str, body: InputRequest) -> Response:
    """Answer the task's question, tell it something (`submitter`), or settle a call in doubt (`approver`)."""
    wanted = Role.SUBMITTER if body.verdict is None else Role.APPROVER
    if not caller.has(wanted):
        raise Fault(403, f"This needs the role {wanted}.", hint="Ask somebody who has it.")
    return answer(TaskDocument.of(await runtime.input(caller.tenant, task_id, body, by=caller.name)))


@router.get("/doubts", response_model=DoubtList, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def list_doubts(runtime: Served, caller: Caller, task_id: str) -> Response:
    """The calls in doubt: what was meant, when it was sent and under which key. `.../input` takes the verdict."""
    doubts = doubts_of(await runtime.journal.read(caller.tenant, task_id))
    return answer(DoubtList(doubts=tuple(doubts)))


@router.post("/retry", status_code=202, response_model=TaskDocument, responses=_BODY)
@needs(Role.SUBMITTER)
async def retry_task(runtime: Served, caller: Caller, task_id: str, body: RetryRequest | None = None) -> Response:
    """A new task that takes up one that failed or was canceled. What was done stays; effects are not repeated."""
    record = await runtime.retry(caller.tenant, task_id, body or RetryRequest(), by=caller.name)
    return answer(TaskDocument.of(record), 202)


@router.post("/fork", status_code=202, response_model=TaskDocument, responses=_BODY)
@needs(Role.SUBMITTER)
async def fork_task(runtime: Served, caller: Caller, task_id: str, body: ForkRequest) -> Response:
    """A new task that shares this one's journal up to an event and goes on from there."""
    return answer(TaskDocument.of(await runtime.fork(caller.tenant, task_id, seq=body.seq, by=caller.name)), 202)
