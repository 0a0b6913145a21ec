"""Control from another process than the one that works: the API steers tasks that a worker holds in the middle of a call."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Call, Reply, Rule, WebhookReceiver, When

Build = Callable[..., Awaitable[Any]]


def waits(name: str) -> Rule:
    """A task whose goal names a file waits for it in its first call."""
    return Rule(
        when=When(tool_results=0, text=f"wait for {name}"),
        reply=Reply(calls=(Call(tool="wait_for_file", args={"name": name}),)),
    )


RULES = (*map(waits, "abcde"), Rule(reply=Reply(text="All done.")))


async def in_a_call(works: Any, name: str, **more: Any) -> str:
    task_id = str(await works.submit(f"wait for {name}", **more))
    await works.until_so((works.tools / f"waiting-{name}").exists)
    return task_id


def rests(reason: str) -> Callable[[Any], bool]:
    return lambda task: bool(task["waiting"]) and task["waiting"]["reason"] == reason


async def kinds(works: Any, task_id: str) -> list[str]:
    events = (await works.call("GET", f"/v1/tasks/{task_id}/events"))["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return [event["kind"] for event in events]


async def test_a_task_that_a_worker_holds_is_steered_from_the_api(build: Build) -> None:
    async with WebhookReceiver() as receiver:
        works = await build(*RULES, workers=1, beats=1, more=f'[webhooks]\nallow = ["{receiver.address}"]\n')
        await works.call("POST", "/v1/webhooks", json={"url": receiver.url, "events": ["task.canceled"]})

        paused = await in_a_call(works, "a")
        await works.call("POST", f"/v1/tasks/{paused}/pause")
        await works.call("POST", f"/v1/tasks/{paused}/input", json={"text": "a remark"})
        (works.tools / "a").touch()
        await works.until(paused, rests("paused"))
        await works.call("POST", f"/v1/tasks/{paused}/resume")
        assert (await works.until_ended(paused))["status"] == "completed"
        assert "message.received" in await kinds(works, paused)
        with pytest.raises(AssertionError, match="has ended"):
            await works.call("POST", f"/v1/tasks/{paused}/resume")
        with pytest.raises(AssertionError, match="cannot be forked at 999"):
            await works.call("POST", f"/v1/tasks/{paused}/fork", json={"seq": 999})

        canceled = await in_a_call(works, "b")
        await works.call("POST", f"/v1/tasks/{canceled}/cancel", json={"note": "enough"})
        assert (await works.until_ended(canceled))["status"] == "canceled"
        await works.until_so(lambda: len(receiver.received) == 1)
        (works.tools / "b").touch()
        again = await works.call("POST", f"/v1/tasks/{canceled}/retry")
        assert (await works.until_ended(again["id"]))["answer"] == "All done."
        assert (await works.call("GET", f"/v1/tasks/{canceled}?as_of=1"))["status"] == "submitted"
        fork = await works.call("POST", f"/v1/tasks/{canceled}/fork", json={"seq": 4})
        assert (await works.until_ended(fork["id"]))["status"] == "completed"

        first = await in_a_call(works, "c", thread_id="t")
        queued = await works.submit("wait for d", thread_id="t")
        assert (await works.until(queued, rests("concurrency")))["waiting"]["behind"] == first
        with pytest.raises(AssertionError, match="busy"):
            await works.call("POST", "/v1/tasks", json={"goal": "x", "thread_id": "t", "concurrency": "reject"})
        (works.tools / "e").touch()
        instead = await works.submit("wait for e", thread_id="t", concurrency="interrupt")
        assert (await works.until_ended(instead))["status"] == "completed"
        assert {(await works.task(task_id))["status"] for task_id in (first, queued)} == {"canceled"}
        assert all(process.returncode is None for process in [*works.topology.workers, *works.topology.others])
