"""Plans: made, revised, carried out, handed over."""

from typing import TYPE_CHECKING

from journal import events as ev
from journal.events import Event
from journal.folding.handlers import Handlers
from journal.plan_state import PlanState
from journal.plans import step_of
from trust.digest import digest
from trust.labels import join

if TYPE_CHECKING:
    from journal.projection import TaskState


def _planner_changed(state: "TaskState", event: Event, data: ev.PlannerChanged) -> None:
    """Whoever works step by step from here on has read what the plan's steps returned."""
    state.planner, state.unplanned, state.handovers = data.planner, 0, state.handovers + 1
    if data.planner == "plan":
        return
    state.see_what_plans_do_not()
    if state.plan is not None:
        state.see(join(state.plan.label, state.plan.seen))
    state.plan, state.last_completion, state.calls = None, None, {}


def _plan_created(state: "TaskState", event: Event, data: ev.PlanCreated) -> None:
    state.plan = PlanState(data.plan, data.label)
    state.calls.pop(data.call_id or "", None)
    state.unplanned = state.repairs = 0


def _plan_revised(state: "TaskState", event: Event, data: ev.PlanRevised) -> None:
    if state.plan is None:  # its making is forgotten
        return
    for call_id in [i for i in state.calls if step_of(i) in data.dropped]:
        call, result = state.calls.pop(call_id), state.plan.results.get(call_id)
        if call.attempts and result is not None and result.status == "completed":
            state.plan.done[digest([call.call.tool, call.call.args])] = result
    state.calls.pop(data.call_id or "", None)
    state.plan.revise(data)
    if data.by == "planner" and state.context_label is not None:
        state.plan.label = join(state.plan.label, state.context_label)
    state.unplanned = state.repairs = 0


def _step_ended(state: "TaskState", event: Event, data: ev.StepCompleted | ev.StepFailed | ev.StepSkipped) -> None:
    if not isinstance(data, ev.StepSkipped) and data.usage is not None:
        state.spend(**data.usage.model_dump(exclude={"steps"}))
    match state.plan, data:
        case PlanState() as plan, ev.StepCompleted():
            plan.completed(event, data)
        case PlanState() as plan, ev.StepFailed():
            plan.failed_step(event, data)
        case PlanState() as plan, ev.StepSkipped():
            plan.skipped(event, data)


def _step_delegated(state: "TaskState", event: Event, data: ev.StepDelegated) -> None:
    if state.plan is not None:
        state.plan.children[data.step_id] = data


HANDLERS: Handlers = {
    ev.PlannerChanged: _planner_changed,
    ev.PlanCreated: _plan_created,
    ev.PlanRevised: _plan_revised,
    ev.StepCompleted: _step_ended,
    ev.StepFailed: _step_ended,
    ev.StepSkipped: _step_ended,
    ev.StepDelegated: _step_delegated,
}
