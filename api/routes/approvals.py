"""Approvals: calls that wait for a person's word."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from agents.requests import Decision
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import ApprovalDocument, ApprovalList
from journal.values import ApprovalStatus

router = APIRouter(prefix="/v1/approvals", tags=["approvals"], route_class=StrictRoute)


class ApprovalQuery(BaseModel):
    """Which approvals to list: the pending ones, or with ``task_id`` all of that task."""

    model_config = ConfigDict(extra="forbid")

    status: ApprovalStatus | None = None
    task_id: str | None = Field(None, max_length=200)


@router.get("", response_model=ApprovalList, responses=may_fail(404, 422, 503))
@needs(Role.VIEWER)
async def list_approvals(runtime: Served, caller: Caller, which: Annotated[ApprovalQuery, Query()]) -> Response:
    """Approvals that are pending, or those of one task."""
    status = which.status or (None if which.task_id else ApprovalStatus.PENDING)
    approvals = await runtime.approvals(caller.tenant, status=status, task_id=which.task_id)
    return answer(ApprovalList.model_construct(approvals=tuple(ApprovalDocument.of(a) for a in approvals)))


@router.get("/{approval_id}", response_model=ApprovalDocument, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def show_approval(runtime: Served, caller: Caller, approval_id: str) -> Response:
    """One approval, decided or not."""
    return answer(ApprovalDocument.of(await runtime.approval(caller.tenant, approval_id)))


@router.post("/{approval_id}", response_model=ApprovalDocument, responses=may_fail(400, 404, 409, 413, 415, 422, 503, 507))
@needs(Role.APPROVER)
async def decide(runtime: Served, caller: Caller, approval_id: str, body: Decision) -> Response:
    """Approve or deny the calls, or approve them with other arguments."""
    return answer(ApprovalDocument.of(await runtime.decide(caller.tenant, approval_id, body, by=caller.name)))
