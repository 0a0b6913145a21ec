"""The audit log: who did which administrative act, and whether it is as it was written."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, TenantQuery, answer, tenant_for
from journal.audit import AuditEntry, Verdict, head_of

router = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=StrictRoute)


class AuditQuery(TenantQuery):
    """Which entries: ``act`` whole (``key.created``) or its first part, ``before`` the ``next`` of the page before."""

    act: str | None = Field(None, min_length=1, max_length=100)
    actor: str | None = Field(None, min_length=1, max_length=200)
    before: int | None = Field(None, ge=1, le=2**31 - 1)
    limit: int = Field(50, ge=1, le=1000)


class VerifyQuery(TenantQuery):
    """``expect`` is a head that was noted earlier, as ``SEQ:HASH``."""

    expect: str | None = Field(None, max_length=100)


class AuditPage(BaseModel):
    entries: tuple[AuditEntry, ...]
    next: int | None
    """Where the next page begins; ``null`` at the end."""


@router.get("", response_model=AuditPage, responses=may_fail(422, 503))
@needs(Role.ADMIN)
async def list_audit(runtime: Served, caller: Caller, which: Annotated[AuditQuery, Query()]) -> Response:
    """Administrative acts, newest first."""
    wanted = which.model_dump(exclude={"tenant"})
    entries = await runtime.audit.entries(tenant_for(caller, which.tenant), **wanted)
    following = entries[-1].seq if len(entries) == which.limit else None
    return answer(AuditPage(entries=tuple(entries), next=following))


@router.get("/verify", response_model=Verdict, responses=may_fail(422, 503))
@needs(Role.ADMIN)
async def verify_audit(runtime: Served, caller: Caller, which: Annotated[VerifyQuery, Query()]) -> Response:
    """Walk the chain of hashes from its first entry, and say whether it holds."""
    expected = None if which.expect is None else head_of(which.expect)
    return answer(await runtime.audit.verify(tenant_for(caller, which.tenant), expected))
