"""Model calls: what they cost, and what they leave behind."""

from typing import TYPE_CHECKING

from journal import events as ev
from journal.asking import SUMMARIZE, TOO_LONG, OpenRequest
from journal.call_state import CallState
from journal.events import Event
from journal.folding.handlers import Handlers
from journal.techniques import CRITIQUE

if TYPE_CHECKING:
    from journal.projection import TaskState


def _llm_requested(state: "TaskState", event: Event, data: ev.LlmRequested) -> None:
    if data.step:
        _step_requested(state, event, data)
        return
    if state.plan is not None:
        state.plan.asked_about = state.plan.failed
    if state.open_request is not None:
        state.spend_reserved(state.open_request.reserved)
    state.open_request = OpenRequest(event.seq, data.model, data.reserved, data.role)
    state.spend(model_calls=1)
    if data.role == SUMMARIZE:
        return
    for message in data.added:
        state.see(message.label)
    state.heard_since_completion = False
    state.asked_since_completion += 1
    is_repair = bool(data.added) and not data.technique
    state.repairs += is_repair
    state.repairs_in_all += is_repair


def _step_requested(state: "TaskState", event: Event, data: ev.LlmRequested) -> None:
    asking = state.asking(data.step)
    if asking.open is not None:
        state.spend_reserved(asking.open.reserved)
    asking.open = OpenRequest(event.seq, data.model, data.reserved)
    asking.asked += 1
    state.spend(model_calls=1)


def _llm_completed(state: "TaskState", event: Event, data: ev.LlmCompleted) -> None:
    if data.step:
        _spend_answer(state, data, steps=1)
        asking = state.asking(data.step)
        asking.open, asking.failures, asking.asked = None, [], 0
        asking.answers.append(data)
        state.criticised = state.criticised or data.step == CRITIQUE
        return
    state.open_request = None
    if is_turn := data.role != SUMMARIZE:
        _turn_completed(state, data)
    _spend_answer(state, data, steps=int(is_turn))


def _spend_answer(state: "TaskState", data: ev.LlmCompleted, *, steps: int) -> None:
    state.spend(
        steps=steps,
        input_tokens=data.usage.input_tokens,
        cached_input_tokens=data.usage.cached_input_tokens,
        output_tokens=data.usage.output_tokens,
        cost_usd=data.cost_usd,
    )


def _turn_completed(state: "TaskState", data: ev.LlmCompleted) -> None:
    state.last_completion, state.failures = data, []
    state.asked_since_completion = state.setbacks = 0
    state.shortened = False
    for aside in state.asides.values():
        if aside.open is not None:
            state.spend_reserved(aside.open.reserved)
    state.asides = {}
    state.unplanned += 1
    if data.tool_calls:
        state.repairs = 0
    kept = {i: call for i, call in state.calls.items() if state.plan is not None and state.plan.has(i)}
    state.calls = kept | {call.id: CallState(call, decided=state.context_label) for call in data.tool_calls}


def _llm_failed(state: "TaskState", event: Event, data: ev.LlmFailed) -> None:
    if data.step:
        _step_failed_to_ask(state, data)
        return
    asked = state.open_request
    if asked is not None and data.spent:
        state.spend_reserved(asked.reserved)
    state.open_request = None
    if asked is None or asked.role != SUMMARIZE:
        state.failures.append(data)


def _step_failed_to_ask(state: "TaskState", data: ev.LlmFailed) -> None:
    asking = state.asking(data.step)
    if asking.open is not None and data.spent:
        state.spend_reserved(asking.open.reserved)
    asking.open = None
    asking.failures.append(data)


def _context_compacted(state: "TaskState", event: Event, data: ev.ContextCompacted) -> None:
    """Who found the longer prompt too long may be asked again."""
    state.shortened = state.shortened or data.reason == "refused"
    state.failures = [failure for failure in state.failures if failure.error != TOO_LONG]


HANDLERS: Handlers = {
    ev.LlmRequested: _llm_requested,
    ev.LlmCompleted: _llm_completed,
    ev.LlmFailed: _llm_failed,
    ev.ContextCompacted: _context_compacted,
}
