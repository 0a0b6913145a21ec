"""Retries against real refusals, with waits that are recorded, not slept."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from journal.values import Message
from journeyman.testing import Asked, Drop, HttpError, Reply, Rule, StubServer
from llm import errors
from llm.calling import Waiting, call
from llm.router import Model
from llm.types import Prompt, Request

StubOf = Callable[..., Awaitable[StubServer]]
ModelAt = Callable[..., Model]


class Waits:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return sum(self.slept)

    def policy(self, **more: float) -> Waiting:
        return replace(Waiting(sleep=self.sleep, clock=self.clock, draw=lambda: 1.0), **more)  # type: ignore[arg-type]


def request() -> Request:
    return Request(prompt=Prompt([Message(role="user", content="Do it.")]), max_output_tokens=50)


async def test_refusals_are_asked_again_after_growing_waits(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(times=4, error=HttpError(status=529)), Rule(reply=Reply(text="at last"))), Waits()
    completion = await call(model_at(stub.url), request(), waiting=waits.policy(longest_seconds=3))
    assert completion.content == "at last"
    assert waits.slept == [0.5, 1.0, 2.0, 3.0]


async def test_jitter_takes_up_to_half_of_a_wait_away() -> None:
    refused = errors.Overloaded("busy")
    assert Waiting(draw=lambda: 0.0).seconds(1, refused) == 0.25
    assert Waiting(draw=lambda: 0.5).seconds(2, refused) == 0.75


async def test_the_wait_the_server_asks_for_is_kept(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(times=1, error=HttpError(status=429, retry_after=17)), Rule(reply=Reply(text="x")))
    waits = Waits()
    await call(model_at(stub.url), request(), waiting=waits.policy())
    assert waits.slept == [17]


async def test_a_wait_over_the_bound_is_left_to_the_caller(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(error=HttpError(status=429, retry_after=61))), Waits()
    with pytest.raises(errors.RateLimited) as caught:
        await call(model_at(stub.url), request(), waiting=waits.policy())
    assert (waits.slept, len(stub.requests), caught.value.retry_after) == ([], 1, 61)


async def test_waits_add_up_to_the_bound(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(error=HttpError(status=429, retry_after=25))), Waits()
    with pytest.raises(errors.RateLimited):
        await call(model_at(stub.url), request(), waiting=waits.policy())
    assert waits.slept == [25, 25]


async def test_attempts_are_bounded(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(error=HttpError(status=503))), Waits()
    with pytest.raises(errors.Overloaded):
        await call(model_at(stub.url), request(), waiting=waits.policy(attempts=3))
    assert (len(stub.requests), len(waits.slept)) == (3, 2)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(error=HttpError(status=401)), errors.AuthenticationFailed),
        (Rule(error=HttpError(status=429, code="insufficient_quota")), errors.QuotaExhausted),
        (Rule(error=HttpError(status=400)), errors.InvalidRequest),
        (Rule(drop=Drop()), errors.StreamCut),
        (Rule(error=HttpError(status=504)), errors.TimedOut),
        (Rule(reply=Reply(finish_reason="abort")), errors.StreamCut),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_what_cannot_pass_or_may_be_billed_is_raised_at_once(
    stub_of: StubOf, model_at: ModelAt, rule: Rule, expected: type[errors.LlmError]
) -> None:
    stub, waits = await stub_of(rule), Waits()
    with pytest.raises(expected):
        await call(model_at(stub.url), request(), waiting=waits.policy())
    assert (len(stub.requests), waits.slept) == (1, [])


async def test_no_wait_goes_past_the_deadline(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(error=HttpError(status=429, retry_after=5))), Waits()
    with pytest.raises(errors.RateLimited):
        await call(model_at(stub.url), request(), deadline=12.0, waiting=waits.policy())
    assert waits.slept == [5, 5]


async def test_a_call_open_at_the_deadline_is_given_up(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="late", delay_seconds=60)))
    waiting = Waiting()
    with pytest.raises(errors.TimedOut, match="time was up"):
        await call(model_at(stub.url), request(), deadline=waiting.clock() + 0.2, waiting=waiting)


async def test_a_retry_open_at_the_deadline_tells_of_the_refusal_before_it(stub_of: StubOf, model_at: ModelAt) -> None:
    busy = Rule(times=1, error=HttpError(status=503, message="the model is being loaded"))
    stub = await stub_of(busy, Rule(reply=Reply(text="late", delay_seconds=60)))
    waiting = Waiting(first_seconds=0.001)
    with pytest.raises(errors.TimedOut, match=r"time was up\. Before that: .*the model is being loaded"):
        await call(model_at(stub.url), request(), deadline=waiting.clock() + 2, waiting=waiting)


async def test_deltas_are_handed_over_after_a_retry(stub_of: StubOf, model_at: ModelAt) -> None:
    stub, waits = await stub_of(Rule(times=1, error=HttpError(status=500)), Rule(reply=Reply(text="word " * 20))), Waits()
    told: list[str] = []
    completion = await call(model_at(stub.url), request(), on_delta=told.append, waiting=waits.policy())
    assert "".join(told) == completion.content == "word " * 20


async def test_a_wait_can_be_cancelled(model_at: ModelAt) -> None:
    refused = asyncio.Event()

    async def refuse(_: Asked) -> HttpError:
        refused.set()
        return HttpError(status=429, retry_after=50)

    async with StubServer(refuse) as stub:
        task = asyncio.create_task(call(model_at(stub.url), request()))
        await refused.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(stub.requests) == 1
