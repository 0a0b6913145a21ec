"""The guard's confirmed attacks: texts that a person calls attacks, which later ones are compared with."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from agents.guard.attacks import MAX_CHARS, Attacks
from agents.guard.flags import passage_at
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from journal.errors import InvalidInput
from memory.items import MemoryItem

router = APIRouter(prefix="/v1/guard/attacks", tags=["guard"], route_class=StrictRoute)


class AttackRequest(BaseModel):
    """What is an attack: a ``text``, or the passage that event ``seq`` (a ``guard.flagged``) of ``task_id`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = Field(None, min_length=1, max_length=MAX_CHARS)
    task_id: str | None = None
    seq: int | None = Field(None, ge=1, le=2**31 - 1)


class AttackDocument(BaseModel):
    """A confirmed attack; ``by`` confirmed it."""

    id: str
    text: str
    by: str
    created_at: datetime

    @classmethod
    def of(cls, item: MemoryItem) -> "AttackDocument":
        return cls(id=item.id, text=item.text, by=str(item.metadata.get("by", "")), created_at=item.created_at)


class AttackList(BaseModel):
    attacks: tuple[AttackDocument, ...]


def _attacks(runtime: Served) -> Attacks:
    return runtime.surroundings.guard.attacks


@router.get("", response_model=AttackList, responses=may_fail(503))
@needs(Role.VIEWER)
async def list_attacks(runtime: Served, caller: Caller) -> Response:
    """The tenant's confirmed attacks."""
    found = await _attacks(runtime).list(caller.tenant)
    return answer(AttackList(attacks=tuple(AttackDocument.of(item) for item in found)))


@router.post("", status_code=201, response_model=AttackDocument, responses=may_fail(400, 404, 413, 415, 422, 503, 507))
@needs(Role.ADMIN)
async def confirm_attack(runtime: Served, caller: Caller, body: AttackRequest) -> Response:
    """Confirm that a text is an attack. What resembles it is flagged or withheld, as `[guard]` says."""
    by_event = body.task_id is not None and body.seq is not None
    if (body.text is None) != by_event or (body.text is not None and (body.task_id or body.seq)):
        raise InvalidInput("An attack is named by `text`, or by `task_id` and `seq`.", hint="Give one of the two.")
    text = body.text
    if text is None:
        text = await passage_at(runtime.journal, caller.tenant, body.task_id or "", body.seq or 0)
    item = await _attacks(runtime).confirm(caller.tenant, text, by=caller.name)
    return answer(AttackDocument.of(item), 201)


@router.delete("/{attack_id}", status_code=204, responses=may_fail(404, 503, 507))
@needs(Role.ADMIN)
async def forget_attack(runtime: Served, caller: Caller, attack_id: str) -> Response:
    """Forget one that was none."""
    await _attacks(runtime).forget(caller.tenant, attack_id)
    return Response(status_code=204)
