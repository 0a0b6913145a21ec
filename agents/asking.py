"""Asking a model: which one, within which ceiling, and what is journaled before and after."""

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from agents.compaction import Window, compact
from agents.feed import Feed
from agents.interruption import Interrupted
from agents.task_log import TaskLog
from journal import events as ev
from journal.asking import SUMMARIZE, TOO_LONG
from journal.values import Message, Outcome, Problem, Reservation, WaitingReason
from llm.budget import CeilingReached, cost_usd, reserve
from llm.calling import call
from llm.errors import BrokenAnswer, LlmError, RateLimited
from llm.router import Model, Models
from llm.types import Completion, Request, ToolOffer
from planners.answers import enforced
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
        self._tools_digest = offers_digest(offers)
        self._only = only
        self._measured: dict[str, tuple[int, int]] = {}

    async def ask(self, log: TaskLog, question: Ask) -> None:
        """One model call, answered or failed, in the journal. With no model left to ask the task rests or fails.

        Raises ``BudgetExhausted`` or ``DeadlinePassed`` when the worst case of the call does not fit.
        """
        if question.step:
            await self._ask_apart(log, question)
            return
        model = self._choose(log.state.failures, question.role, shortened=log.state.shortened)
        if model is None:
            log.note(_nobody_left(log, log.state.failures))
            return
        added = question.added if log.state.asked_since_completion == 0 else ()
        size = self._size(log, model, question, added)
        window = Window.of(model)
        if (reason := _outgrown(log, window, size)) is not None:
            upto_seq = window.cut(log, reason)
            if window.cannot_hold(log, size) or (upto_seq is None and reason == "refused"):
                log.note(_too_small(model))
                return
            if upto_seq is not None and not await self._compact(log, window, upto_seq, reason):
                return
            size = self._size(log, model, question, added)
        reserved = self._reserve(log, model, size, window.output)
        log.note(
            ev.LlmRequested(
                model=model.name,
                role=question.role,
                reserved=reserved,
                added=added,
                tools_digest=self._tools_digest if question.offers is None else offers_digest(question.offers),
                attempt=log.state.asked_since_completion + 1,
                technique=question.technique,
            )
        )
        await log.commit()
        await self._send(log, model, self._request(log, question, reserved.output_tokens))

    async def _ask_apart(self, log: TaskLog, question: Ask) -> None:
        """A call for a step of a plan, in a conversation of its own, or an aside: short enough for the window, and watched by
        nobody."""
        asking = log.state.asking(question.step)
        model = self._choose(asking.failures, question.role)
        if model is None:
            if log.state.waiting is None:
                log.note(_nobody_left(log, asking.failures))
            return
        wanted = min(Window.of(model).output, question.max_output_tokens or model.settings.max_output_tokens)
        request = self._request(log, question, wanted)
        size = model.provider.bound_input(request)
        reserved = _reserved(log, model, self._bound(model, size) if question.prompt is None else size, wanted)
        log.note(
            ev.LlmRequested(
                model=model.name,
                role=question.role,
                reserved=reserved,
                added=question.added,
                tools_digest=self._tools_digest if question.offers is None else offers_digest(question.offers),
                attempt=asking.asked + 1,
                step=question.step,
                technique=question.technique,
            )
        )
        await log.commit()
        await self._send(log, model, replace(request, max_output_tokens=reserved.output_tokens), question.step)

    async def _compact(self, log: TaskLog, window: Window, upto_seq: int, reason: Literal["window", "refused"]) -> bool:
        """Put a summary in place of older turns. ``False``: the task was stopped meanwhile."""

        async def ask(model: Model, request: Request) -> Completion | None:
            return await self._summarize(log, model, request)

        try:
            await compact(log, window, upto_seq, reason, self._models.candidates(SUMMARIZE, self._only), ask)
        except Interrupted:
            return False
        self._measured.clear()
        return True

    async def _summarize(self, log: TaskLog, model: Model, request: Request) -> Completion | None:
        """``None`` where the model fails, or where the budget leaves no room for it."""
        bound = model.provider.bound_input(request)
        try:
            reserved = _reserved(log, model, bound, request.max_output_tokens)
        except CeilingReached:
            return None
        log.note(ev.LlmRequested(model=model.name, role=SUMMARIZE, reserved=reserved))
        await log.commit()
        return await self._send(log, model, replace(request, max_output_tokens=reserved.output_tokens))

    async def _send(self, log: TaskLog, model: Model, request: Request, step: str = "") -> Completion | None:
        """Raises ``Interrupted``, once it is noted, for a call that is no turn: what it was for cannot go on."""
        started = time.monotonic()
        try:
            async with log.interruption:
                completion = await self._call(log, model, request, silent=bool(step) or request.role == SUMMARIZE)
        except LlmError as error:
            log.note(_failed(model, error, step))
            return None
        except Interrupted:
            why = "The call was broken off because the task was stopped."
            log.note(ev.LlmFailed(model=model.name, error="canceled", detail=why, spent=True, step=step))
            if request.role == SUMMARIZE:
                raise
            return None
        is_turn = request.role != SUMMARIZE
        if is_turn and not step:
            self._measured[model.name] = (model.provider.bound_input(request), completion.usage.input_tokens)
        log.note(
            ev.LlmCompleted(
                model=model.name,
                role=request.role,
                content=completion.content if is_turn else "",
                tool_calls=completion.tool_calls if is_turn else (),
                usage=completion.usage,
                cost_usd=cost_usd(completion.usage, model.price),
                finish_reason=completion.finish_reason,
                response_id=completion.response_id,
                opaque=completion.opaque,
                seconds=round(time.monotonic() - started, 3),
                step=step,
            )
        )
        return completion

    async def _call(self, log: TaskLog, model: Model, request: Request, *, silent: bool) -> Completion:
        """``silent``: nobody watches the text grow."""
        task_id = log.lease.task_id
        deadline = time.monotonic() + log.state.submitted.budget.max_seconds - log.seconds_used()
        if silent or not self._feed.wants_deltas(task_id):
            return await call(model, request, deadline=deadline)
        try:
            return await call(model, request, on_delta=lambda text: self._feed.publish_delta(task_id, text), deadline=deadline)
        finally:
            self._feed.publish_delta(task_id, None)

    def _choose(self, failures: list[ev.LlmFailed], role: str, *, shortened: bool = True) -> Model | None:
        """The first candidate that has not failed for good since the last answer."""
        broken = Counter(failure.model for failure in failures)
        out = {f.model for f in failures if not f.again and (f.error != TOO_LONG or shortened)}
        for model in self._models.candidates(role, self._only):
            if model.name not in out and broken[model.name] < MAX_BROKEN_ANSWERS:
                return model
        return None

    def _request(self, log: TaskLog, question: Ask, max_output_tokens: int) -> Request:
        own = question.offers is None
        prompt = question.prompt or log.transcript.prompt
        if question.step and question.prompt is None:
            prompt = log.transcript.aside(question.added, again=question.again)
        return Request(
            prompt=prompt,
            max_output_tokens=max_output_tokens,
            tools=self._offers if question.offers is None else question.offers,
            role=question.role,
            schema=enforced(log.state.submitted) if own else question.schema,
            tool_choice=question.tool_choice,
        )

    def _size(self, log: TaskLog, model: Model, question: Ask, added: tuple[Message, ...]) -> int:
        """The bytes of the next request: a bound of its tokens."""
        request = self._request(log, question, model.settings.max_output_tokens)
        return model.provider.bound_input(request) + sum(len(m.model_dump_json()) for m in added)

    def _reserve(self, log: TaskLog, model: Model, size: int, wanted: int) -> Reservation:
        return _reserved(log, model, self._bound(model, size), wanted)

    def _bound(self, model: Model, size: int) -> int:
        """At most one token a byte; where the model has counted a shorter prompt already, only what is new counts so."""
        if model.name not in self._measured:
            return size
        measured_size, tokens = self._measured[model.name]
        return min(size, tokens + max(0, size - measured_size))


def offers_digest(offers: tuple[ToolOffer, ...]) -> str:
    """What pins the tools a request offered."""
    return digest([[o.name, o.description, o.parameters] for o in offers])[:16]


def _reserved(log: TaskLog, model: Model, bound_input_tokens: int, wanted: int) -> Reservation:
    return reserve(
        log.state.submitted.budget,
        log.state.committed,
        model.price,
        bound_input_tokens=bound_input_tokens,
        wanted_output_tokens=wanted,
        seconds_used=log.seconds_used(),
    )


def _outgrown(log: TaskLog, window: Window, size: int) -> Literal["window", "refused"] | None:
    """Why the prompt must be compacted before it is sent, if it must. ``size`` is in bytes."""
    state = log.state
    if not state.shortened and any(f.error == TOO_LONG and f.model == window.model for f in state.failures):
        return "refused"
    return "window" if window.is_outgrown(log, size) else None


def _too_small(model: Model) -> ev.LlmFailed:
    why = f"The goal with its instructions and tools does not fit the window of {model.settings.context_window:,} tokens."
    return ev.LlmFailed(model=model.name, error="WindowTooSmall", detail=why, spent=False)


def _failed(model: Model, error: LlmError, step: str) -> ev.LlmFailed:
    after = error.retry_after
    return ev.LlmFailed(
        model=model.name,
        error=type(error).__name__,
        detail=f"{error.message.rstrip('.')}. {error.hint}".strip(),
        spent=error.maybe_billed,
        again=isinstance(error, BrokenAnswer),
        transient=error.retryable,
        retry_at=None if after is None else datetime.now(UTC) + timedelta(seconds=after),
        step=step,
    )


def _nobody_left(log: TaskLog, failures: list[ev.LlmFailed]) -> ev.TaskWaiting | ev.TaskFailed:
    """Rest where time may help, within the deadline; otherwise the task has failed."""
    state = log.state
    passing = [failure for failure in failures if failure.transient]
    if passing and state.setbacks < MAX_SETBACKS:
        wake_at = _wake_at(passing, state.setbacks)
        left = state.submitted.budget.max_seconds - log.seconds_used()
        if wake_at < datetime.now(UTC) + timedelta(seconds=left):
            limited = all(failure.error == RateLimited.__name__ for failure in passing)
            return ev.TaskWaiting(reason=WaitingReason.RATE_LIMIT if limited else WaitingReason.TIMER, wake_at=wake_at)
    said = "; ".join(dict.fromkeys(f"{failure.model}: {failure.detail}" for failure in failures))
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
