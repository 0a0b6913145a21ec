"""What labels and the policy cost of a step.

    python -P benchmarks/policy_overhead.py

One durable read-only ReAct step over SQLite (model on loopback, tool in process) gives the CPU time of a step; putting its
call to a policy of 100 tools, with all that gathers and joins labels for it, is timed apart. The share must stay under 5 %.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from agents.judging import judge
from agents.requests import BudgetRequest, TaskRequest
from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from journal.call_state import CallState
from journal.events import Event, TaskStarted, TaskSubmitted
from journal.projection import TaskState
from journal.values import Budget, ToolCall
from journeyman.testing import Asked, Call, Reply, StubServer
from tools.types import Tool, ToolContext, ToolOutput
from trust.labels import Label, Trust, Visibility, join
from trust.policy_settings import PolicySettings

STEPS = 50
ROUNDS = 20_000
LIMIT = 0.05

LOOK = '''
from journeyman import tool


@tool(read_only=True)
async def look(text: str) -> str:
    """Look something up."""
    return text * 50
'''

TOOLS = {
    f"bank.send_{n}": {"effect": "pay", "args": {"to": "recipient", "amount": "amount", "text": "content"}} for n in range(100)
}
MAIL = Label(sources=("tool:mail.read",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)


def answer(asked: Asked) -> Reply:
    if asked.tool_results < STEPS:
        return Reply(calls=(Call(tool="look", args={"text": f"item {asked.tool_results}"}),))
    return Reply(text="done")


async def step_seconds() -> float:
    """CPU seconds of one step, the stub's own among them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "look.py").write_text(LOOK)
        async with StubServer(answer) as stub:
            model = {"provider": "openai_compatible", "model": "m", "base_url": stub.url, "price": {"input": 0, "output": 0}}
            settings = RuntimeSettings.model_validate(
                {
                    "home": folder / "home",
                    "models": {"m": model},
                    "tools": {"folders": [folder]},
                    "agents": {"default": {"budget": {"max_steps": STEPS + 1}}},
                }
            )
            runtime = await Runtime.open(settings)
            request = TaskRequest(goal="look", planner="react", tools=["look"], budget=BudgetRequest(max_steps=STEPS + 1))
            record = await runtime.submit("default", request, by="bench")
            started = time.process_time()
            ended = await runtime.drive(record.id)
            spent = time.process_time() - started
            await runtime.aclose()
    assert ended is not None
    assert ended.answer == "done", ended.error
    return spent / STEPS


def judging_seconds() -> float:
    """CPU seconds of putting one call to the policy and joining the labels of its arguments with its result's."""
    policy = RuntimeSettings(policy=PolicySettings.model_validate({"tools": TOOLS})).policy_of(["default"])
    submitted = TaskSubmitted(goal="Pay DE89370400440532013000.", agent="default", planner="react", budget=Budget())
    begun = TaskStarted(worker="w", instructions="", prompt_version="")
    now = datetime.now(UTC)
    state = TaskState.of("default", "task_1", [Event(1, now, 0, submitted), Event(2, now, 0, begun)])
    args = {"to": "DE89370400440532013000", "amount": 5, "text": "x" * 1000}
    call = CallState(ToolCall(id="c", tool="bank.send_7", args=args), decided=join(submitted.label, MAIL))
    tool = Tool("bank.send_7", "Send money.", {"type": "object"}, run=_nothing, origin="mcp:bank")
    started = time.process_time()
    for _ in range(ROUNDS):
        judged = judge(state, call, tool, policy)
        join(MAIL, *judged.labels.values())
    return (time.process_time() - started) / ROUNDS


async def _nothing(context: ToolContext, args: dict[str, object]) -> ToolOutput:
    return ToolOutput("")


def main() -> int:
    step, judging = asyncio.run(step_seconds()), judging_seconds()
    share = judging / step
    sys.stdout.write(
        f"a step {step * 1e3:.2f} ms, labels and policy {judging * 1e6:.0f} us: {share:.1%} (at most {LIMIT:.0%})\n"
    )
    return 0 if share < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
