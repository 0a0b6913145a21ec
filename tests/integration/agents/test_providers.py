"""The same task through every wire format leaves the same kinds of events in its journal."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from agents.requests import BudgetRequest
from journal.values import Message, Outcome, Status, WaitingReason
from journeyman.testing import Call, HttpError, Reply, Rule, When
from planners.context import Transcript
from tests.integration.agents.conftest import World

RULES = (
    Rule(when=When(text="do it"), times=1, error=HttpError(status=529, retry_after=0)),
    Rule(
        when=When(tool_results=0),
        reply=Reply(
            text="Looking.",
            reasoning="Two things to find.",
            calls=(Call(tool="lookup", args={"q": "Kiel"}), Call(tool="broken", args={"q": "Köln"})),
        ),
    ),
    Rule(when=When(tool_results=2), times=1, reply=Reply(text="Half an answer. " * 20, cut_after=6)),
    Rule(when=When(tool_results=2), reply=Reply(calls=(Call(tool="lookup", raw='{"q": "Ham'),))),
    Rule(when=When(tool_results=3), reply=Reply(text="Kiel is in the north.")),
)
KINDS = [
    "task.submitted",
    "task.started",
    "llm.requested",
    "llm.completed",
    "tool.completed",
    "tool.failed",
    "llm.requested",
    "llm.failed",
    "llm.requested",
    "llm.completed",
    "tool.failed",
    "llm.requested",
    "llm.completed",
    "task.completed",
]


@asynccontextmanager
async def listening(world: World, task_id: str, told: list[str]) -> AsyncIterator[None]:
    """While somebody listens to a task, its answers are streamed."""
    deltas = world.runtime.deltas(task_id)

    async def listen() -> None:
        while True:
            told.append(await anext(deltas))

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0)  # the listener's first step subscribes
    yield
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)


@pytest.mark.parametrize("provider", ["openai_compatible", "openai", "anthropic"])
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
async def test_the_same_task_through_each_provider(
    world: Callable[..., Awaitable[World]], monkeypatch: pytest.MonkeyPatch, provider: str, streamed: bool
) -> None:
    monkeypatch.setenv("A_KEY", "a-key-of-mine")
    w = await world(*RULES, model={"provider": provider, "api_key_env": "A_KEY"})
    task_id = await w.submit()
    told: list[str] = []
    async with AsyncExitStack() as stack:
        if streamed:
            await stack.enter_async_context(listening(w, task_id, told))
        record = await w.drive(task_id)
    assert (record.status, record.answer) == (Status.COMPLETED, "Kiel is in the north.")
    kinds = await w.kinds(task_id)
    assert sorted(kinds[4:6]) == sorted(KINDS[4:6])  # which of two parallel calls ends first is theirs to say
    assert kinds[:4] + kinds[6:] == KINDS[:4] + KINDS[6:]
    assert [asked.streamed for asked in w.stub.requests] == [streamed] * 5
    assert ("Looking." in "".join(told)) == streamed
    first, second, _ = await w.events(task_id, "llm.completed")
    assert [call.tool for call in first.tool_calls] == ["lookup", "broken"]
    assert second.tool_calls[0].malformed == '{"q": "Ham'
    assert (first.opaque is not None) == (provider != "openai_compatible")


async def test_what_the_api_wants_back_survives_a_restart(
    world: Callable[..., Awaitable[World]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "a-key-of-mine")
    w = await world(*RULES[1:2], Rule(reply=Reply(text="done")), model={"provider": "anthropic", "api_key_env": "A_KEY"})
    task_id = await w.submit()
    await w.drive(task_id)
    transcript = Transcript()
    for event in await w.runtime.journal.read("default", task_id):
        transcript.apply(event)
    asked: list[Message] = [message for message in transcript.prompt if message.tool_calls]
    assert asked[0].opaque is not None
    assert asked[0].opaque.parts[0]["signature"] == "signed:1"  # type: ignore[index,call-overload]
    sent: Any = w.stub.requests[1].body["messages"]
    assert [block["type"] for block in sent[1]["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert [block.get("is_error", False) for block in sent[2]["content"]] == [False, True]


@pytest.mark.parametrize("planner", ["react", "plan"])
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
async def test_a_call_that_is_cut_off_is_asked_for_again_and_runs_once(
    world: Callable[..., Awaitable[World]], planner: str, streamed: bool
) -> None:
    if planner == "plan":
        plan = {"steps": [{"id": "s1", "tool": "lookup", "args": {"q": "Kiel"}}], "answer": {"text": "{$s1}"}}
        whole = Reply(calls=(Call(tool="submit_plan", args=plan),))
    else:
        whole = Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),))
    cut = whole.model_copy(update={"cut_after": 3})
    w = await world(
        Rule(when=When(tool_results=1), reply=Reply(text="found Kiel")), Rule(times=2, reply=cut), Rule(reply=whole)
    )
    task_id = await w.submit(planner=planner)
    async with AsyncExitStack() as stack:
        if streamed:
            await stack.enter_async_context(listening(w, task_id, []))
        record = await w.drive(task_id)
    assert (record.status, record.answer, w.witnessed) == (Status.COMPLETED, "found Kiel", ["lookup Kiel"])
    assert [(e.error, e.spent) for e in await w.events(task_id, "llm.failed")] == [("StreamCut", True)] * 2
    never = await world(Rule(reply=cut))
    rested = await never.run(planner=planner)
    assert rested.waiting is not None
    assert rested.waiting.reason is WaitingReason.TIMER  # the line may be mended by then
    assert len(never.stub.requests) == 3
    record = await never.run(planner=planner, budget=BudgetRequest(max_seconds=4))  # no time for a rest
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.ERROR)
    assert len(never.stub.requests) == 6
    assert never.witnessed == ["lookup Kiel"]  # what it did for the first task
