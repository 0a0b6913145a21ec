"""The plan planner: one call writes the plan in a trusted context, then the plan says what to do."""

import json
from collections.abc import Collection

from journal import events as ev
from journal.call_state import CallStage
from journal.plan_state import PlanState
from journal.plans import Plan, step_of
from journal.projection import TaskState
from journal.values import ApprovalStatus, Message, Outcome, ToolCall, WaitingReason
from planners.plan.answering import answer
from planners.plan.cost import MAX_REPAIRS, cost_of
from planners.plan.format import REVISE_PLAN, SUBMIT_PLAN, MistakenPlan, read_plan
from planners.plan.revision import MAX_REVISIONS, report, revised
from planners.plan.schedule import Schedule
from planners.plan.steps import Needs, needs_of
from planners.plan.validate import Room, mistakes
from planners.plan.withholding import undescribed
from planners.planner import Ask, GiveUp, Means, Move, Record, Run
from planners.prompts import load
from tools.types import Tool
from trust.labels import SYSTEM, join


class PlanPlanner:
    """Ask for a plan, check it, run it; where steps fail, ask for others in place of what depends on them."""

    name = "plan"
    prompt_version = "plan_v1"

    def __init__(self, means: Means = Means()) -> None:  # noqa: B008
        self._means = means
        self._read: tuple[Plan, dict[str, Needs]] | None = None

    def instructions(self, profile: str) -> str:
        """The format of a plan, the tools there are, and the profile's own words: all of it trusted."""
        tools, unapproved = self._means.tools.values(), self._means.unapproved
        catalog = "\n".join(undescribed(t) if t.name in unapproved else _described(t) for t in tools)
        parts = (load(self.prompt_version), f"The tools:\n\n{catalog}", profile.strip())
        return "\n\n".join(part for part in parts if part)

    def next(self, state: TaskState) -> Move:
        if (reading := self._read_answer(state)) is not None:
            return reading
        if state.plan is None:
            return self._ask_for_plan(state)
        if state.submitted.plan_only and not state.plan.released:
            rest = ev.TaskWaiting(reason=WaitingReason.PAUSED, question="The plan waits to be looked at.")
            return Record((rest,))
        return self._go_on(state, state.plan)

    def _ask_for_plan(self, state: TaskState) -> Ask | GiveUp:
        if state.unplanned == 0:
            return Ask("plan", offers=(SUBMIT_PLAN,))
        if state.unplanned > MAX_REPAIRS:
            return GiveUp(Outcome.GAVE_UP, _no_plan(state), answer=_said(state))
        return Ask("plan", added=_reminder(state, SUBMIT_PLAN.name), offers=(SUBMIT_PLAN,))

    def _read_answer(self, state: TaskState) -> Record | None:
        """What the model's latest calls amount to: a plan, a revision, or a refusal that names every mistake."""
        last = state.last_completion
        if last is None:
            return None
        given = [c for c in last.tool_calls if (s := state.calls.get(c.id)) is not None and s.stage is not CallStage.DONE]
        if not given:
            return None
        try:
            event = self._taken(state, given)
        except MistakenPlan as wrong:
            return Record(tuple(refusal(call, str(wrong)) for call in given))
        dropped = event.dropped if isinstance(event, ev.PlanRevised) else ()
        return Record((*voided(state, dropped), event))

    def _taken(self, state: TaskState, given: list[ToolCall]) -> ev.PlanCreated | ev.PlanRevised:
        """Raises ``MistakenPlan``."""
        call, wanted = given[0], SUBMIT_PLAN.name if state.plan is None else REVISE_PLAN.name
        if len(given) > 1:
            raise MistakenPlan([f"{len(given)} calls: call `{wanted}` once"])
        if call.tool != wanted:
            raise MistakenPlan([f"{call.tool} cannot be called now: call `{wanted}`"])
        if call.malformed is not None:
            raise MistakenPlan(["the arguments were not a JSON object"])
        if state.plan is None:
            return created(state, call, self._means)
        return revised(state.plan, call.args, self._means, room_of(state), call.id)

    def _go_on(self, state: TaskState, plan: PlanState) -> Move:
        look = Schedule(state, plan, self._needs_of(plan.plan), self._means.tools)
        if look.endings:
            return Record(tuple(look.endings))
        ask = self._ask_for_revision(state, plan, idle=not look.pieces)
        if look.pieces or isinstance(ask, Ask):
            run = look.run
            return Run(run.calls, (*run.asks, *((ask,) if isinstance(ask, Ask) else ())), run.delegations, run.ahead)
        return ask or self._answer(state, plan, look)

    def _needs_of(self, plan: Plan) -> dict[str, Needs]:
        """Read once for each plan."""
        if self._read is None or self._read[0] is not plan:
            self._read = (plan, needs_of(plan))
        return self._read[1]

    def _ask_for_revision(self, state: TaskState, plan: PlanState, *, idle: bool) -> Ask | GiveUp | None:
        """A revision is asked for as soon as a step fails; what a person said waits until nothing else is left to do."""
        heard = state.heard_since_completion and idle
        failed = plan.failed
        if not (failed or heard or state.asked_since_completion):
            return None
        if plan.revisions >= MAX_REVISIONS or state.unplanned > MAX_REPAIRS:
            return GiveUp(Outcome.GAVE_UP, _why_failed(plan, state)) if failed else None
        told = failed == plan.asked_about and not heard
        with_results = state.submitted.revise_from_results
        added = _reminder(state, REVISE_PLAN.name) if told else (report(plan, heard=heard, with_results=with_results),)
        return Ask("plan", added=added, offers=(REVISE_PLAN,))

    def _answer(self, state: TaskState, plan: PlanState, look: Schedule) -> Move:
        own = join(plan.label, state.submitted.label)
        move = answer(plan.plan, look.scope, state, own)
        return Run(asks=(move,)) if isinstance(move, Ask) else move


def created(state: TaskState, call: ToolCall, means: Means) -> ev.PlanCreated:
    """The plan a ``submit_plan`` call gives, checked. Raises ``MistakenPlan``."""
    plan = read_plan(call.args)
    if wrong := mistakes(plan, means, room_of(state)):
        raise MistakenPlan(wrong)
    return ev.PlanCreated(
        plan=plan,
        prompt_version=PlanPlanner.prompt_version,
        label=state.context_label or SYSTEM,
        cost_usd=cost_of(plan, means.prices).cost_usd,
        call_id=call.id,
    )


def voided(state: TaskState, dropped: Collection[str] | None) -> list[ev.ApprovalDecided]:
    """The approvals, asked for or given and not used, that end with these steps (``None``: with the whole plan): a person's
    word was on other calls."""
    unused = {call.approval_id for call in state.open_calls if call.stage is CallStage.APPROVED and not call.attempts}
    return [
        ev.ApprovalDecided(approval_id=approval.id, decision="void", by="system", note="The plan was revised.")
        for approval in state.approvals.values()
        if (approval.status is ApprovalStatus.PENDING or approval.id in unused)
        and any(dropped is None or step_of(call.step_id) in dropped for call in approval.calls)
    ]


def room_of(state: TaskState) -> Room:
    return Room(state.submitted.budget, state.usage)


def refusal(call: ToolCall, why: str) -> ev.ToolFailed:
    """What the model reads as the result of a plan that cannot run."""
    return ev.ToolFailed(call_id=call.id, tool=call.tool, error="invalid_plan", message=why, label=SYSTEM)


def _described(tool: Tool) -> str:
    return f"- `{tool.name}`: {tool.description}\n  args: {_json(tool.parameters)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _reminder(state: TaskState, tool: str) -> tuple[Message, ...]:
    """For an answer in prose; mistakes in a plan were told as the result of its call."""
    last = state.last_completion
    if last is None or last.tool_calls:
        return ()
    return (Message(role="user", content=f"That was no plan. Call `{tool}`.", label=SYSTEM),)


def _no_plan(state: TaskState) -> str:
    last = state.last_completion
    how = "gave plans that cannot run" if last is not None and last.tool_calls else f"never called `{SUBMIT_PLAN.name}`"
    return f"The model {how}, in {state.unplanned} attempts."


def _said(state: TaskState) -> str | None:
    return (state.last_completion.content or None) if state.last_completion else None


def _why_failed(plan: PlanState, state: TaskState) -> str:
    steps = "; ".join(f"{name}: {plan.results[name].error}" for name in sorted(plan.failed))
    worn_out = plan.revisions >= MAX_REVISIONS
    tried = f"{plan.revisions} revisions did not help" if worn_out else "the model gave no revision that can run"
    return f"Steps of the plan failed ({steps}), and {tried}."
