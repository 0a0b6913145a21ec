"""A task's plan: to look at, and to change while it waits."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import JsonValue

from agents.plan_editing import PlanView
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from journal.values import Value

router = APIRouter(prefix="/v1/tasks/{task_id}/plan", tags=["tasks"], route_class=StrictRoute)


class CostDocument(Value):
    """``model_calls`` and ``tool_calls`` at most, if nothing has to be asked twice; ``cost_usd`` is the worst case."""

    model_calls: int
    tool_calls: int
    cost_usd: float


class PlanDocument(Value):
    """``steps`` and ``answer`` are what a ``PUT`` takes. ``states`` has for each step ``open``, ``started``, ``completed``,
    ``failed`` or ``skipped``; ``version`` counts revisions from 1."""

    version: int
    steps: tuple[dict[str, JsonValue], ...]
    answer: dict[str, JsonValue]
    states: dict[str, str]
    cost: CostDocument

    @classmethod
    def of(cls, view: PlanView) -> "PlanDocument":
        cost = CostDocument(
            model_calls=view.cost.model_calls, tool_calls=view.cost.tool_calls, cost_usd=round(view.cost.cost_usd, 6)
        )
        return cls(
            version=view.version,
            steps=tuple(_short(step) for step in view.steps),
            answer=_short(view.answer),
            states=dict(view.states),
            cost=cost,
        )


def _short(part: Value) -> dict[str, JsonValue]:
    """A part of a plan as a model or a person writes it: without what it does not say."""
    return part.model_dump(mode="json", exclude_defaults=True)


@router.get("", response_model=PlanDocument, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def show_plan(runtime: Served, caller: Caller, task_id: str) -> Response:
    """The plan as it stands, and what it may cost."""
    return answer(PlanDocument.of(await runtime.plan(caller.tenant, task_id)))


@router.put("", response_model=PlanDocument, responses=may_fail(400, 404, 409, 413, 415, 422, 503, 507))
@needs(Role.SUBMITTER)
async def edit_plan(runtime: Served, caller: Caller, task_id: str, body: dict[str, Any]) -> Response:
    """Put `{steps, answer}` in place of a plan that waits. Steps that have begun stay; approvals of changed calls are void."""
    return answer(PlanDocument.of(await runtime.edit_plan(caller.tenant, task_id, body, by=caller.name)))
