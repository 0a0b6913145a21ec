"""A revision: what the model is told of failed steps, and the check of the steps it gives in their place."""

import json
from collections.abc import Iterator, Mapping

from journal.events import PlanRevised
from journal.plan_state import PlanState
from journal.plans import Plan, StepResult
from journal.values import Message
from planners.plan.format import MistakenPlan, read_plan
from planners.plan.steps import affected
from planners.plan.validate import Room, mistakes
from planners.planner import Means
from trust.labels import SYSTEM, join

MAX_REVISIONS = 3


SHOWN_CHARS = 2000
"""So much of each result is shown to whoever may read them."""


def report(state: PlanState, *, heard: bool, with_results: bool) -> Message:
    """How far the plan has come: types and sizes of results and kinds of errors, none of what any tool returned. Where the
    person allowed it, ``with_results``: that too, and then the message carries the labels of all of it."""
    lines = ["The plan cannot go on as it is." if state.failed else "The plan has been carried out."]
    for step in state.plan.steps:
        result = state.results.get(step.id)
        content = _content(result) if with_results and result is not None else ""
        lines.append(f"- {step.id}: {_told(result)}{f': {content}' if content else ''}")
    reached = affected(state.plan.steps, state.failed) if state.failed else frozenset()
    if reached:
        named = ", ".join(step.id for step in state.plan.steps if step.id in reached)
        lines.append(f"Call `revise_plan` with steps in place of {named}, and with an `answer` where it changes.")
    if heard:
        lines.append("The person has said something meanwhile: call `revise_plan` with what is still to be done, if anything.")
    return Message(role="user", content="\n".join(lines), label=join(SYSTEM, state.seen) if with_results else SYSTEM)


def _told(result: StepResult | None) -> str:
    if result is None:
        return "has not run"
    if result.status == "completed":
        return f"completed, {_shape(result.value)}"
    return f"{result.status}{f', {result.error}' if result.error else ''}"


def _content(result: StepResult) -> str:
    if result.status == "completed":
        return json.dumps(result.value, ensure_ascii=False)[:SHOWN_CHARS]
    return result.message[:SHOWN_CHARS]


def _shape(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"a list of {len(value)}"
        case _:
            return f"an object with {len(value)} keys"  # type: ignore[arg-type]


def revised(state: PlanState, args: Mapping[str, object], means: Means, room: Room, call_id: str | None) -> PlanRevised:
    """The revision a model's ``revise_plan`` amounts to. Raises ``MistakenPlan``.

    Only the failed steps it was told of, and what waits for them, are replaced.
    """
    given = read_plan(args)
    dropped = affected(state.plan.steps, state.asked_about) if state.asked_about else frozenset()
    return replacing(state, given, "answer" in args, dropped, means, room, call_id=call_id, by="planner")


def replacing(
    state: PlanState,
    given: Plan,
    answers: bool,
    dropped: frozenset[str],
    means: Means,
    room: Room,
    *,
    by: str,
    call_id: str | None = None,
) -> PlanRevised:
    """``given`` in place of ``dropped``, checked. Raises ``MistakenPlan``."""
    kept = tuple(step for step in state.plan.steps if step.id not in dropped)
    answer = given.answer if answers else state.plan.answer
    ended = frozenset(state.results)
    left = Room(room.budget, room.spent, kept, ended, may_be_empty=True)
    if wrong := mistakes(Plan(steps=given.steps, answer=answer), means, left):
        raise MistakenPlan(wrong)
    return PlanRevised(
        steps=given.steps,
        dropped=tuple(step.id for step in state.plan.steps if step.id in dropped),
        answer=given.answer if answers else None,
        why="; ".join(_reasons(state, dropped)),
        by=by,
        call_id=call_id,
    )


def _reasons(state: PlanState, dropped: frozenset[str]) -> Iterator[str]:
    for step in state.plan.steps:
        result = state.results.get(step.id)
        if step.id in dropped and result is not None and result.status == "failed":
            yield f"{step.id} failed: {result.error}"
