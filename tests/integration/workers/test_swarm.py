"""Workers killed in the middle of many tasks: all end, and every effect happened once or is visibly in doubt.

Both shows are opt-in, the whole one takes minutes: ``JOURNEYMAN_SLOW=1``.
"""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Asked, Call, Reply

Build = Callable[..., Awaitable[Any]]

SLOW = pytest.mark.skipif(not os.environ.get("JOURNEYMAN_SLOW"), reason="slow; set JOURNEYMAN_SLOW=1")

MARK_FREELY = """
[policy.tools.mark]
effect = "write"
"""


def marking(steps: int) -> Callable[[Asked], Reply]:
    """A model that marks TASK-0, TASK-1, ... one after the other, and then is done."""

    def decide(asked: Asked) -> Reply:
        task = re.search(r"mark run (\d+)", json.dumps(asked.body))
        assert task is not None
        if asked.tool_results == steps:
            return Reply(text="done", delay_seconds=0.05)
        key = f"{task[1]}-{asked.tool_results}"
        return Reply(calls=(Call(tool="mark", args={"key": key}),), delay_seconds=0.05)

    return decide


@pytest.mark.parametrize(
    ("tasks", "steps", "kills", "every"),
    [
        pytest.param(12, 3, 2, 1.0, id="small", marks=[SLOW]),
        pytest.param(500, 10, 30, 2.0, id="whole", marks=[SLOW, pytest.mark.timeout(900)]),
    ],
)
async def test_all_tasks_end_and_each_effect_happened_once_or_is_in_doubt(
    build: Build, tasks: int, steps: int, kills: int, every: float
) -> None:
    works = await build(decide=marking(steps), workers=3, beats=0, more=MARK_FREELY)
    submitted = [await works.submit(f"mark run {n}") for n in range(tasks)]
    for n in range(kills):
        await asyncio.sleep(every)  # the kills' own rhythm; nothing is expected of it
        works.topology.workers[n].kill()
        await works.topology.add_worker()
    doubtful: set[str] = set()
    for number, task_id in enumerate(submitted):
        task = await works.until(task_id, lambda found: bool(found["ended_at"]) or _in_doubt(found))
        if _in_doubt(task):
            doubtful.add(str(number))
        else:
            assert task["outcome"] == "achieved", task
    counted = Counter((works.tools / "marks").read_text().split())
    assert max(counted.values()) == 1, [key for key, count in counted.items() if count > 1]
    sure = {str(number) for number in range(tasks)} - doubtful
    assert {key for key in counted if key.split("-")[0] in sure} == {f"{n}-{k}" for n in sure for k in range(steps)}
    assert len(sure) > tasks / 2


def _in_doubt(task: Any) -> bool:
    return bool(task["waiting"]) and task["waiting"]["reason"] == "in_doubt"
