"""A person's look at a plan, and their hand in it while it waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from journal import events as ev
from journal.call_state import CallStage
from journal.errors import Conflict, InvalidInput, NotFound
from journal.plan_state import PlanState
from journal.plans import Answer, Plan, Step, step_of
from journal.projection import TaskState
from planners.plan.cost import PlanCost, cost_of
from planners.plan.format import MistakenPlan, read_plan
from planners.plan.planner import room_of
from planners.plan.revision import replacing
from planners.planner import Means


@dataclass(frozen=True, slots=True)
class PlanView:
    """A task's plan as it stands. ``states`` has each step's: ``open``, ``started``, ``completed``, ``failed`` or ``skipped``;
    ``cost`` is the worst case of the whole."""

    version: int
    steps: tuple[Step, ...]
    answer: Answer
    states: Mapping[str, str]
    cost: PlanCost


def view_of(state: TaskState, means: Means) -> PlanView:
    """Raises ``NotFound`` for a task without a plan."""
    plan = _plan(state)
    begun = _begun(state, plan)
    return PlanView(
        version=plan.version,
        steps=plan.plan.steps,
        answer=plan.plan.answer,
        states={s.id: _standing(plan, s, begun) for s in plan.plan.steps},
        cost=cost_of(plan.plan, means.prices),
    )


def edit(state: TaskState, given: Mapping[str, Any], means: Means, by: str) -> ev.PlanRevised:
    """The revision that makes a waiting plan the given one. What has begun must stay as it is.

    Raises ``NotFound``, ``Conflict`` for a task that does not wait for a person, ``InvalidInput`` with every mistake.
    """
    plan = _plan(state)
    if state.waiting is None or not state.waiting.reason.needs_person:
        raise Conflict(f"{state.id} does not wait: its plan runs.", hint="Pause it first.")
    begun = _begun(state, plan)
    try:
        wanted = read_plan(given)
        _unchanged(plan, wanted, begun)
        fresh = Plan(steps=tuple(step for step in wanted.steps if step.id not in begun), answer=wanted.answer)
        dropped = frozenset(step.id for step in plan.plan.steps if step.id not in begun)
        return replacing(plan, fresh, "answer" in given, dropped, means, room_of(state), by=by)
    except MistakenPlan as wrong:
        raise InvalidInput(" ".join(f"{mistake}." for mistake in wrong.mistakes), hint="docs/reference/plan.md") from None


def _plan(state: TaskState) -> PlanState:
    if state.plan is None:
        raise NotFound(f"{state.id} has no plan.", hint="Submit it with `planner` = `plan`.")
    return state.plan


def _begun(state: TaskState, plan: PlanState) -> frozenset[str]:
    """Steps that have ended, in whole or for some item, or of which a call or a child task is out."""
    ended = {step_of(item) for item, result in plan.results.items() if result.status != "failed" or item not in plan.steps}
    out = {step_of(c.call.id) for c in state.open_calls if c.stage in (CallStage.SENT, CallStage.IN_DOUBT)}
    asked = {step_of(item) for item, asking in plan.asking.items() if asking.asked or asking.answers}
    return frozenset((ended | out | asked | {step_of(item) for item in plan.children}) & set(plan.steps))


def _standing(plan: PlanState, step: Step, begun: frozenset[str]) -> str:
    result = plan.results.get(step.id)
    return result.status if result is not None else "started" if step.id in begun else "open"


def _unchanged(plan: PlanState, wanted: Plan, begun: frozenset[str]) -> None:
    given = {step.id: step for step in wanted.steps}
    changed = [name for name in plan.steps if name in begun and name in given and given[name] != plan.steps[name]]
    if changed:
        raise MistakenPlan(f"{name}: it has begun and cannot be changed" for name in changed)
