"""Conversations that outgrow the model's window."""

import asyncio
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agents.requests import TaskRequest
from journal.values import Outcome, Status
from journeyman.testing import Asked, Call, HttpError, Reply
from planners.context import Transcript
from tests.integration.agents.conftest import until
from tests.integration.agents.long_tasks import Long, Stepper, long_runtime


async def run(long: Long, goal: str = "Look up all numbers.", **fields: Any) -> Any:
    task = await long.runtime.submit("default", TaskRequest(goal=goal, **fields), by="tester")
    record = await long.runtime.drive(task.id)
    assert record is not None
    return record


async def events(long: Long, task_id: str, *kinds: str) -> list[Any]:
    return [e for e in await long.runtime.journal.read("default", task_id) if not kinds or e.kind in kinds]


async def test_three_hundred_steps_finish_in_a_small_window(tmp_path: Path) -> None:
    play = Stepper(300, window=4096)
    play.keep_prompts = True
    async with long_runtime(tmp_path, play, 4096) as long:
        record = await run(long)
        assert (record.status, record.answer, record.error) == (Status.COMPLETED, "All looked up.", None)
        compacted = await events(long, record.id, "context.compacted")
        failed = await events(long, record.id, "llm.failed")
        journal = await events(long, record.id)
    assert failed == []
    assert 10 < len(compacted) == play.summaries < 100
    assert record.usage.steps == 301
    assert record.usage.model_calls == 301 + play.summaries
    assert all(event.data.by == "m1" and event.data.reason == "window" for event in compacted)
    assert _restarts(play.prompts) == play.summaries
    transcript = Transcript()
    for event in journal:
        if event.seq < journal[-2].seq:
            transcript.apply(event)
    assert [m.content for m in transcript.prompt if m.role == "tool"] == [
        m["content"] for m in play.prompts[-1] if m["role"] == "tool"
    ]


def _restarts(prompts: list[list[dict[str, Any]]]) -> int:
    """How often a prompt did not begin with the whole of the one before."""
    pairs = pairwise(prompts)
    return sum(later[: len(earlier)] != earlier for earlier, later in pairs)


async def test_the_goal_stays_and_the_summary_names_what_can_be_read_again(tmp_path: Path) -> None:
    play = Stepper(30, window=4096)
    play.keep_prompts = True
    async with long_runtime(tmp_path, play, 4096) as long:
        record = await run(long, goal="Look up all 30 numbers.")
        first = (await events(long, record.id, "tool.completed"))[0]
    last = play.prompts[-1]
    assert last[0]["role"] == "system"
    assert last[1]["content"] == "Look up all 30 numbers."
    assert last[2]["content"].startswith("[This is a summary of your work so far, written by m1")
    assert "Summary" in last[2]["content"]
    assert "lookup" in last[2]["content"]
    listed = play.prompts[-1][2]["content"]
    assert f"- {first.seq}: lookup" in listed or "older ones are not listed" in listed
    assert last[3]["role"] == "assistant"


async def test_a_covered_result_is_read_again_by_its_handle(tmp_path: Path) -> None:
    plain = Stepper(20, window=4096)
    read: list[str] = []

    def play(asked: Asked) -> Reply | HttpError:
        if plain.done < 20 or not asked.tools:
            return plain(asked)
        if asked.text.startswith("number 20 "):
            return Reply(calls=(Call(tool="read_result", args={"handle": "5", "limit": 20}),))
        read.append(asked.text)
        return Reply(text="It was there.")

    async with long_runtime(tmp_path, play, 4096) as long:
        record = await run(long)
        assert len(await events(long, record.id, "context.compacted")) >= 1
    assert record.status is Status.COMPLETED
    assert read == ["number 1 " + "x" * 11]


async def test_an_api_that_calls_the_prompt_too_long_is_asked_again_once_with_a_shorter_one(tmp_path: Path) -> None:
    play = Stepper(12, window=2000)
    async with long_runtime(tmp_path, play, 128_000) as long:
        record = await run(long)
        compacted = await events(long, record.id, "context.compacted")
        failed = await events(long, record.id, "llm.failed")
    assert record.status is Status.COMPLETED
    assert {event.data.reason for event in compacted} == {"refused"}
    assert len(compacted) == len(failed)
    assert {event.data.error for event in failed} == {"ContextTooLong"}


async def test_a_goal_that_does_not_fit_ends_in_an_error_that_says_so(tmp_path: Path) -> None:
    async with long_runtime(tmp_path, Stepper(1, window=1000), 1024) as long:
        record = await run(long, goal="word " * 15_000)
        assert (record.status, record.outcome) == (Status.FAILED, Outcome.ERROR)
        assert "does not fit the window of 1,024 tokens" in record.error.detail
        assert long.stub.requests == []


async def test_a_goal_that_the_api_calls_too_long_ends_the_same_way(tmp_path: Path) -> None:
    async with long_runtime(tmp_path, Stepper(1, window=100), 128_000) as long:
        record = await run(long)
        assert record.outcome is Outcome.ERROR
        assert "does not fit the window" in record.error.detail
        assert len(long.stub.requests) == 1


async def test_without_a_model_that_can_write_one_the_summary_is_put_together_from_the_calls(tmp_path: Path) -> None:
    plain = Stepper(30, window=4096)

    def play(asked: Asked) -> Reply | HttpError:
        return plain(asked) if asked.tools else HttpError(status=401)

    async with long_runtime(tmp_path, play, 4096) as long:
        record = await run(long)
        compacted = await events(long, record.id, "context.compacted")
    assert record.status is Status.COMPLETED
    assert {event.data.by for event in compacted} == {"structure"}
    assert compacted[0].data.summary.startswith("No model could write this summary.")
    assert '- lookup {"n":1} -> number 1 xxx' in compacted[0].data.summary


async def test_a_worker_that_dies_while_a_summary_is_written_is_followed_by_one_that_goes_on(tmp_path: Path) -> None:
    plain = Stepper(20, window=4096)
    held = asyncio.Event()

    def play(asked: Asked) -> Reply | HttpError:
        if not asked.tools and not held.is_set():
            held.set()
            return Reply(text="never read", delay_seconds=60)
        return plain(asked)

    async with long_runtime(tmp_path, play, 4096) as long:
        task = await long.runtime.submit("default", TaskRequest(goal="Look up all numbers."), by="tester")
        working = asyncio.create_task(long.runtime.drive(task.id))
        await until(held.is_set)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert await events(long, task.id, "context.compacted") == []
        record = await long.runtime.drive(task.id)
        assert record is not None
        assert record.status is Status.COMPLETED
        requested = await events(long, task.id, "llm.requested")
    summaries = [event for event in requested if event.data.role == "summarize"]
    assert len(summaries) == plain.summaries + 1


async def test_a_task_canceled_while_a_summary_is_written_ends_canceled(tmp_path: Path) -> None:
    plain = Stepper(20, window=4096)
    held = asyncio.Event()

    def play(asked: Asked) -> Reply | HttpError:
        if not asked.tools:
            held.set()
            return Reply(text="late", delay_seconds=60)
        return plain(asked)

    async with long_runtime(tmp_path, play, 4096) as long:
        task = await long.runtime.submit("default", TaskRequest(goal="Look up all numbers."), by="tester")
        working = asyncio.create_task(long.runtime.drive(task.id))
        await until(held.is_set)
        await long.runtime.cancel("default", task.id, by="tester")
        record = await working
        assert record is not None
        assert record.status is Status.CANCELED


async def test_a_fork_behind_a_summary_sends_the_same_prompt(tmp_path: Path) -> None:
    play = Stepper(30, window=4096)
    play.keep_prompts = True
    async with long_runtime(tmp_path, play, 4096) as long:
        record = await run(long)
        last = play.prompts[-1]
        fork = await long.runtime.fork("default", record.id, seq=record.last_seq - 2, by="tester")
        again = await long.runtime.drive(fork.id)
        assert again is not None
        assert again.answer == "All looked up."
        assert play.prompts[-1] == last


@pytest.mark.skipif("JOURNEYMAN_SLOW" not in os.environ, reason="a minute long; set JOURNEYMAN_SLOW to run it")
async def test_a_thousand_steps_finish_in_a_32k_window(tmp_path: Path) -> None:
    play = Stepper(1000, window=32_000)
    async with long_runtime(tmp_path, play, 32_000) as long:
        record = await run(long)
        assert record.status is Status.COMPLETED
        assert record.usage.steps == 1001
        assert play.longest <= 32_000
        journal = await events(long, record.id)
    sizes = [len(event.data.model_dump_json(exclude_defaults=True)) for event in journal]
    half = len(sizes) // 2
    assert 0.8 < sum(sizes[half:]) / sum(sizes[:half]) < 1.25
