"""Asking a model: which one, within which ceiling, and what is journaled before and after."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from agents.feed import Feed
from agents.interruption import Interrupted
from agents.task_log import TaskLog
from journal import events as ev
from journal.projection import TaskState
from journal.values import Message, Outcome, Problem, Reservation, WaitingReason
from llm.budget import cost_usd, reserve
from llm.calling import call
from llm.errors import BrokenAnswer, LlmError, RateLimited
from llm.router import Model, Models
from llm.types import Completion, Request, ToolOffer
from planners.planner import Ask
from trust.digest import digest

MAX_BROKEN_ANSWERS = 3
"""So often one model may fail in the middle of an answer before the next one is asked."""

MAX_SETBACKS = 6
"""So many rests in a row are taken when no model can answer; they double from ``FIRST_REST_SECONDS``."""

FIRST_REST_SECONDS = 5.0


class Asker:
    """Asks models on behalf of one task."""

    def __init__(self, models: Models, feed: Feed, offers: tuple[ToolOffer, ...], only: tuple[str, ...] | None) -> None:
        self._models = models
        self._feed = feed
        self._offers = offers
        self._tools_digest = digest([[o.name, o.description, o.parameters] for o in offers])[:16]
        self._only = only
        self._measured: dict[str, tuple[int, int]] = {}

    async def ask(self, log: TaskLog, question: Ask) -> None:
        """One model call, answered or failed, in the journal. With no model left to ask the task rests or fails.

        Raises ``BudgetExhausted`` or ``DeadlinePassed`` when the worst case of the call does not fit.
        """
        model = self._choose(log.state, question.role)
        if model is None:
            log.note(_nobody_left(log))
            return
        added = question.added if log.state.asked_since_completion == 0 else ()
        reserved = self._reserve(log, model, question.role, added)
        log.note(
            ev.LlmRequested(
                model=model.name,
                role=question.role,
                reserved=reserved,
                added=added,
                tools_digest=self._tools_digest,
                attempt=log.state.asked_since_completion + 1,
            )
        )
        await log.commit()
        await self._send(log, model, self._request(log, question.role, reserved.output_tokens))

    async def _send(self, log: TaskLog, model: Model, request: Request) -> None:
        started = time.monotonic()
        try:
            async with log.interruption:
                completion = await self._call(log, model, request)
        except LlmError as error:
            log.note(_failed(model, error))
            return
        except Interrupted:
            why = "The call was broken off because the task was stopped."
            log.note(ev.LlmFailed(model=model.name, error="canceled", detail=why, spent=True))
            return
        self._measured[model.name] = (model.provider.bound_input(request), completion.usage.input_tokens)
        log.note(
            ev.LlmCompleted(
                model=model.name,
                content=completion.content,
                tool_calls=completion.tool_calls,
                usage=completion.usage,
                cost_usd=cost_usd(completion.usage, model.price),
                finish_reason=completion.finish_reason,
                response_id=completion.response_id,
                opaque=completion.opaque,
                seconds=round(time.monotonic() - started, 3),
            )
        )

    async def _call(self, log: TaskLog, model: Model, request: Request) -> Completion:
        task_id = log.lease.task_id
        deadline = time.monotonic() + log.state.submitted.budget.max_seconds - log.seconds_used()
        if not self._feed.wants_deltas(task_id):
            return await call(model, request, deadline=deadline)
        try:
            return await call(model, request, on_delta=lambda text: self._feed.publish_delta(task_id, text), deadline=deadline)
        finally:
            self._feed.publish_delta(task_id, None)

    def _choose(self, state: TaskState, role: str) -> Model | None:
        """The first candidate that has not failed for good since the last answer."""
        broken = Counter(failure.model for failure in state.failures)
        out = {failure.model for failure in state.failures if not failure.again}
        for model in self._models.candidates(role, self._only):
            if model.name not in out and broken[model.name] < MAX_BROKEN_ANSWERS:
                return model
        return None

    def _request(self, log: TaskLog, role: str, max_output_tokens: int) -> Request:
        return Request(log.transcript.prompt, max_output_tokens, self._offers, role)

    def _reserve(self, log: TaskLog, model: Model, role: str, added: tuple[Message, ...]) -> Reservation:
        wanted = model.settings.max_output_tokens
        request = self._request(log, role, wanted)
        size = model.provider.bound_input(request) + sum(len(m.model_dump_json()) for m in added)
        return reserve(
            log.state.submitted.budget,
            log.state.usage,
            model.price,
            bound_input_tokens=self._bound(model, size),
            wanted_output_tokens=wanted,
            seconds_used=log.seconds_used(),
        )

    def _bound(self, model: Model, size: int) -> int:
        """At most one token a byte; where the model has counted a shorter prompt already, only what is new counts so."""
        if model.name not in self._measured:
            return size
        measured_size, tokens = self._measured[model.name]
        return min(size, tokens + max(0, size - measured_size))


def _failed(model: Model, error: LlmError) -> ev.LlmFailed:
    after = error.retry_after
    return ev.LlmFailed(
        model=model.name,
        error=type(error).__name__,
        detail=f"{error.message.rstrip('.')}. {error.hint}".strip(),
        spent=error.maybe_billed,
        again=isinstance(error, BrokenAnswer),
        transient=error.retryable,
        retry_at=None if after is None else datetime.now(UTC) + timedelta(seconds=after),
    )


def _nobody_left(log: TaskLog) -> ev.TaskWaiting | ev.TaskFailed:
    """Rest where time may help, within the deadline; otherwise the task has failed."""
    state = log.state
    passing = [failure for failure in state.failures if failure.transient]
    if passing and state.setbacks < MAX_SETBACKS:
        wake_at = _wake_at(passing, state.setbacks)
        left = state.submitted.budget.max_seconds - log.seconds_used()
        if wake_at < datetime.now(UTC) + timedelta(seconds=left):
            limited = all(failure.error == RateLimited.__name__ for failure in passing)
            return ev.TaskWaiting(reason=WaitingReason.RATE_LIMIT if limited else WaitingReason.TIMER, wake_at=wake_at)
    said = "; ".join(dict.fromkeys(f"{failure.model}: {failure.detail}" for failure in state.failures))
    problem = Problem(
        title="No model could answer",
        status=502,
        detail=said or "No model is allowed for this task.",
        hint="`journeyman models test` checks every configured model.",
    )
    return ev.TaskFailed(outcome=Outcome.ERROR, error=problem)


def _wake_at(failures: list[ev.LlmFailed], setbacks: int) -> datetime:
    backoff = datetime.now(UTC) + timedelta(seconds=FIRST_REST_SECONDS * 2**setbacks)
    told = [failure.retry_at for failure in failures if failure.retry_at is not None]
    return min(told) if told else backoff
