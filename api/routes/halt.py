"""The kill switch: everything stops, for all tenants and in all processes, until it is lifted."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from agents.stop_all import Standing
from api.principals import EVERYTHING, Role, needs
from api.problems import Fault, may_fail
from api.routing import Caller, Served, StrictRoute, answer
from journal.values import Value

router = APIRouter(prefix="/v1/halt", tags=["halt"], route_class=StrictRoute)


class HaltRequest(BaseModel):
    """Why everything is stopped; people see it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: str = Field("", max_length=2000)


class HaltDocument(Value):
    """Whether everything is stopped, since when and by whom, and how many tasks are still being worked on.

    ``resumed`` counts the tasks that go on, once a halt is lifted.
    """

    halted: bool
    by: str | None = None
    at: datetime | None = None
    note: str = ""
    at_work: int
    resumed: int = 0

    @classmethod
    def of(cls, standing: Standing, resumed: int = 0) -> "HaltDocument":
        halt = standing.halt
        if halt is None:
            return cls(halted=False, at_work=standing.at_work, resumed=resumed)
        return cls(halted=True, by=halt.by, at=halt.at, note=halt.note, at_work=standing.at_work)


@router.get("", response_model=HaltDocument, responses=may_fail(503))
@needs(Role.VIEWER)
async def show_halt(runtime: Served, caller: Caller) -> Response:
    """Whether everything is stopped."""
    return answer(HaltDocument.of(await runtime.stop_all.standing()))


@router.post("", response_model=HaltDocument, responses=may_fail(400, 403, 413, 415, 422, 503, 507))
@needs(Role.ADMIN)
async def halt(runtime: Served, caller: Caller, body: HaltRequest | None = None) -> Response:
    """Stop everything: tasks pause within two seconds, also in a long call, and no new work is taken."""
    _for_all_tenants(caller)
    note = body.note if body else ""
    return answer(HaltDocument.of(await runtime.stop_all.halt(caller.tenant, by=caller.name, via=caller.key_id, note=note)))


@router.delete("", response_model=HaltDocument, responses=may_fail(403, 503, 507))
@needs(Role.ADMIN)
async def lift_halt(runtime: Served, caller: Caller) -> Response:
    """Let everything go on: the tasks that the halt paused are resumed."""
    _for_all_tenants(caller)
    resumed = await runtime.stop_all.lift(caller.tenant, by=caller.name, via=caller.key_id)
    return answer(HaltDocument.of(await runtime.stop_all.standing(), resumed))


def _for_all_tenants(caller: Caller) -> None:
    if not caller.may(EVERYTHING):
        raise Fault(403, "Stopping everything concerns all tenants.", hint="Use a key with the scope `*`, like the first key.")
