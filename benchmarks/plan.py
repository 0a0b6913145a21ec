"""What a plan costs over its critical path, and what planning costs apart from the model.

    python -P benchmarks/plan.py

First figure: a plan of 30 steps of 200 ms in chains of five, run over SQLite, from ``plan.created`` to the end of the task;
its ratio to the critical path of one second. Second: the CPU time of checking, scheduling, resolving, folding 30 steps.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.requests import TaskRequest
from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from journal import events as ev
from journal.events import Event, EventData
from journal.projection import TaskState
from journal.values import Budget, TokenUsage, ToolCall, ToolResult
from journeyman.testing import Call, Reply, Rule, StubServer
from planners.plan.planner import PlanPlanner
from planners.planner import Finish, Means, Record, Run
from tools.types import Tool, ToolContext, ToolOutput
from trust.labels import Label, Trust, Visibility

STEPS, DEPTH, SECONDS = 30, 5, 0.2
ROUNDS = 20

NAP = '''
import asyncio

from journeyman import tool


@tool(read_only=True)
async def nap(text: str) -> str:
    """Wait a fifth of a second."""
    await asyncio.sleep(0.2)
    return text
'''


def plan() -> dict[str, Any]:
    """Chains of ``DEPTH`` steps, each step with the result of the one before it."""
    steps = []
    for n in range(STEPS):
        text = f"{{$s{n - 1}}} {n}" if n % DEPTH else str(n)
        steps.append({"id": f"s{n}", "tool": "nap", "args": {"text": text}})
    return {"steps": steps, "answer": {"text": f"{{$s{STEPS - 1}}}"}}


async def critical_path() -> float:
    """The plan's seconds, over its critical path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nap.py").write_text(NAP)
        async with StubServer([Rule(reply=Reply(calls=(Call(tool="submit_plan", args=plan()),)))]) as stub:
            model = {"provider": "openai_compatible", "model": "m", "base_url": stub.url, "price": {"input": 0, "output": 0}}
            settings = RuntimeSettings.model_validate(
                {"home": folder / "home", "models": {"m": model}, "tools": {"folders": [folder]}}
            )
            runtime = await Runtime.open(settings)
            try:
                task = await runtime.submit("default", TaskRequest(goal="nap", planner="plan", tools=["nap"]), by="bench")
                record = await runtime.drive(task.id)
                assert record is not None
                assert record.answer is not None, record.error
                events = {event.kind: event.at for event in await runtime.journal.read("default", task.id)}
            finally:
                await runtime.aclose()
    took = (events["task.completed"] - events["plan.created"]).total_seconds()
    return took / (DEPTH * SECONDS)


async def _nothing(context: ToolContext, args: dict[str, Any]) -> ToolOutput:
    return ToolOutput("")


def overhead_ms() -> float:
    """From the model's answer to the task's, in memory, with calls that return at once."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    planner = PlanPlanner(Means(tools={"nap": Tool(name="nap", description="Nap.", parameters=schema, run=_nothing)}))
    submitted = ev.TaskSubmitted(goal="nap", agent="default", planner="plan", budget=Budget())
    state = TaskState.of("t", "task_1", [Event(1, datetime.now(UTC), 1, submitted)])
    call = ToolCall(id="c", tool="submit_plan", args=plan())
    label = Label(sources=("tool:nap",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
    answered = ev.LlmCompleted(
        model="m", tool_calls=(call,), usage=TokenUsage(), cost_usd=0, finish_reason="tool_calls", seconds=0
    )

    def note(data: EventData) -> None:
        state.apply(Event(state.last_seq + 1, datetime.now(UTC), 1, data))

    note(answered)
    started = time.process_time()
    while not isinstance(move := planner.next(state), Finish):
        if isinstance(move, Record):
            for event in move.events:
                note(event)
        elif isinstance(move, Run):
            done = move.calls[0].call
            result = ToolResult(content=str(done.args["text"]), label=label)
            note(ev.ToolCompleted(call_id=done.id, tool=done.tool, result=result))
    return (time.process_time() - started) * 1000


def main() -> None:
    ratio = asyncio.run(critical_path())
    print(f"{STEPS} steps of {SECONDS * 1000:.0f} ms in chains of {DEPTH}: {ratio:.3f} x the critical path")
    overhead_ms()
    print(f"planning apart from the model, {STEPS} steps: {min(overhead_ms() for _ in range(ROUNDS)):.2f} ms")


if __name__ == "__main__":
    main()
