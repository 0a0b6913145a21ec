"""Taking up a task that failed: a fork that keeps what was done and does the rest again."""

from collections.abc import Sequence

from agents.forking import Copy
from agents.requests import RetryRequest
from journal import events as ev
from journal.asking import SUMMARIZE
from journal.call_state import CallStage
from journal.errors import Conflict, InvalidInput
from journal.events import Event
from journal.plan_state import PlanState
from journal.plans import step_of
from journal.projection import TaskState
from journal.values import Status, WaitingReason
from planners.plan.schedule import children_open
from planners.plan.steps import affected

_MAY_BE_RETRIED = (Status.FAILED, Status.CANCELED)


def retried(tenant: str, origin: str, events: Sequence[Event], request: RetryRequest, by: str) -> list[Event]:
    """The first events of the task that takes ``origin`` up. Raises ``Conflict`` or ``InvalidInput``.

    A plan's task keeps its whole journal but the end, and the chosen steps are put back as if they had not run. A task that
    went step by step is cut before its last words, before a call, or at the event that is named.
    """
    if request.step_id is not None and request.seq is not None:
        raise InvalidInput("A retry is from a step or from an event, not both.", hint="Give `step_id` or `seq`.")
    ended = TaskState.of(tenant, origin, events)
    if ended.status not in _MAY_BE_RETRIED:
        raise _not_to_be_retried(ended)
    before = events[:-1]
    state = TaskState.of(tenant, origin, before)
    if request.seq is not None:
        return _from_event(tenant, origin, events, request.seq, by)
    if state.plan is not None and (again := _again(state, state.plan, request.step_id)):
        return _with_steps_again(Copy(tenant, origin, before, by, retry=True), again, by)
    if request.step_id is not None:
        cut = _before_call(origin, events, request.step_id)
    else:
        cut = len(before) if state.plan is not None else _before_last_words(before)
    return _from_event(tenant, origin, events, cut, by)


def _not_to_be_retried(state: TaskState) -> Conflict:
    if not state.ended:
        return Conflict(f"{state.id} has not ended: {state.status}.", hint="Wait for its end, or cancel it first.")
    way = "Submit it again." if state.status is Status.REJECTED else "Fork it from an event to go another way."
    return Conflict(f"{state.id} is {state.status}; only a failed or canceled task is retried.", hint=way)


def _from_event(tenant: str, origin: str, events: Sequence[Event], seq: int, by: str) -> list[Event]:
    if not 1 <= seq < len(events):
        last = len(events) - 1
        raise InvalidInput(f"{origin} can be retried from the events 1 to {last}, not {seq}.", hint="Choose one of these.")
    for event in events[seq:]:
        if isinstance(event.data, ev.ToolRequested):
            behind = _behind(events, event.data.call_id)
            raise Conflict(
                f"{origin} sent {event.data.tool} at event {event.seq}; a retry from event {seq} might send it again.",
                hint=f"Retry from event {behind} or later, or from where it failed (name nothing).",
            )
    return _awake(Copy(tenant, origin, events[:seq], by, retry=True), by)


def _awake(copy: Copy, by: str) -> list[Event]:
    """A pause was the origin's; a plan that nobody has looked at yet still waits for that."""
    state = copy.state
    unseen = state.submitted.plan_only and state.plan is not None and not state.plan.released
    if state.waiting is not None and state.waiting.reason is WaitingReason.PAUSED and not unseen:
        copy.note(ev.TaskResumed(reason=WaitingReason.PAUSED, by=by))
    return copy.events


def _behind(events: Sequence[Event], call_id: str) -> int:
    """The last event that tells of an effect."""
    return max(event.seq for event in events if getattr(event.data, "call_id", None) == call_id)


def _before_last_words(events: Sequence[Event]) -> int:
    """The seq behind which the model is asked anew: all it said and was asked since its last calls is left out."""
    cut = len(events)
    for event in reversed(events):
        match event.data:
            case ev.LlmCompleted(tool_calls=calls, role=role, step="") if calls and role != SUMMARIZE:
                break
            case ev.LlmRequested(role=role, step="") if role != SUMMARIZE:
                cut = event.seq - 1
            case ev.ToolCompleted() | ev.ToolFailed() | ev.ToolInDoubt() | ev.PlannerChanged() | ev.TaskStarted():
                break
    return cut


def _before_call(origin: str, events: Sequence[Event], call_id: str) -> int:
    told = (ev.ToolRequested, ev.ToolCompleted, ev.ToolFailed)
    found = [event.seq for event in events if isinstance(event.data, told) and event.data.call_id == call_id]
    if not found:
        raise InvalidInput(f"{origin} has no step {call_id!r}.", hint=f"`journeyman tasks show {origin}` lists its steps.")
    return found[0] - 1


def _again(state: TaskState, plan: PlanState, wanted: str | None) -> frozenset[str]:
    """The steps to run again: the one named or else those that did not come to a good end, and what depends on them."""
    if wanted is not None:
        if (step := step_of(wanted)) not in plan.steps:
            raise InvalidInput(f"{state.id} has no step {wanted!r}.", hint=f"Its steps: {', '.join(plan.steps)}.")
        return affected(plan.plan.steps, [step])
    stopped = {step_of(item) for item, _ in children_open(plan)}
    unanswered = {step_of(item) for item, asking in plan.asking.items() if asking.failures or asking.open}
    broken = (plan.failed | stopped | unanswered) & set(plan.steps)
    return affected(plan.plan.steps, broken) if broken else frozenset()


def _with_steps_again(copy: Copy, again: frozenset[str], by: str) -> list[Event]:
    """Put the steps back as if they had not run. A call in doubt stays so: a person says what became of it; and what a
    completed effect returned is taken over where its arguments come out the same."""
    state, plan = copy.state, copy.state.plan
    if plan is None:
        return copy.events
    _awake(copy, by)
    out = {step_of(c.call.id) for c in state.open_calls if c.stage in (CallStage.IN_DOUBT, CallStage.SENT)}
    dropped = tuple(step for step in plan.plan.steps if step.id in again and step.id not in out)
    if dropped:
        ids = tuple(step.id for step in dropped)
        copy.note(ev.PlanRevised(steps=dropped, dropped=ids, why="The task is retried.", by=by))
    return copy.events
