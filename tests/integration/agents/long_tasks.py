"""Tasks of many steps against a small window: a scripted model that counts what it is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from journeyman.testing import Asked, Call, HttpError, Reply, StubServer

TOOLS = '''
from tools.decorator import tool


@tool(read_only=True)
def lookup(n: int) -> str:
    """Look a number up."""
    return f"number {n} " + "x" * 1000
'''


class Stepper:
    """Asks for ``steps`` look-ups, one a turn, then says done. Refuses a prompt of more than ``window`` tokens."""

    def __init__(self, steps: int, window: int) -> None:
        self.steps = steps
        self.window = window
        self.done = 0
        self.summaries = 0
        self.longest = 0
        self.prompts: list[list[dict[str, Any]]] = []
        self.keep_prompts = False

    def __call__(self, asked: Asked) -> Reply | HttpError:
        messages = asked.body["messages"]
        tokens = sum(len(m.get("content") or "") for m in messages) // 4 + 1
        self.longest = max(self.longest, tokens)
        if tokens > self.window:
            return HttpError(status=400, message="maximum context length", code="context_length_exceeded")
        if not asked.tools:
            self.summaries += 1
            return Reply(text=f"Summary {self.summaries}: looked up numbers to {self.done}.")
        if self.keep_prompts:
            self.prompts.append(messages)
        if self.done == self.steps:
            return Reply(text="All looked up.")
        self.done += 1
        return Reply(calls=(Call(tool="lookup", args={"n": self.done}),))


@dataclass
class Long:
    """A runtime whose one model has a small window."""

    runtime: Runtime
    stub: StubServer


@asynccontextmanager
async def long_runtime(folder: Path, play: Any, window: int, **more: Any) -> AsyncIterator[Long]:
    (folder / "tools.d").mkdir(exist_ok=True)
    (folder / "tools.d" / "numbers.py").write_text(TOOLS)
    async with StubServer(play) as stub:
        model = {
            "provider": "openai_compatible",
            "model": "m1",
            "base_url": stub.url,
            "price": {"input": 0, "output": 0},
            "context_window": window,
            "max_output_tokens": 256,
        }
        budget = {"max_steps": 5000, "max_tokens": 1_000_000_000}
        settings = {
            "home": folder / "home",
            "models": {"m1": model},
            "tools": {"folders": [folder / "tools.d"]},
            "agents": {"default": {"planner": "react", "budget": budget, "tools": ["lookup", "read_result"]}},
        }
        runtime = await Runtime.open(RuntimeSettings.model_validate(settings | more))
        try:
            yield Long(runtime, stub)
        finally:
            await runtime.aclose()
