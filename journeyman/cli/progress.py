"""The calm, live display of a task at work, on stderr: one line for each step; on a terminal one more that moves."""

import json
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from journeyman.cli.cards import moment
from journeyman.cli.output import money, one_line, say

Document = Mapping[str, Any]

_ARGUMENT_CHARS = 40
_RESULT_CHARS = 60


class Progress:
    """A context manager; hand it every event of the task in order."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}
        self._tokens = 0
        self._cost = 0.0
        self._steps = 0
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("starting")
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()

    def event(self, event: Document) -> None:
        """Show what this event means to a person, if anything."""
        data = event["data"]
        match event["kind"]:
            case "llm.requested":
                self._now(f"asking {data['model']}")
            case "llm.completed":
                self._asked_for(data)
            case "llm.failed":
                say(f"{one_line(data['model'])} failed: {one_line(data['detail'], 200)}")
            case "context.compacted":
                say("the conversation outgrew the model's window; a summary stands in place of its older part")
            case "tool.completed":
                say(f"{self._call(data)} -> {_brief_result(data)}")
            case "tool.failed":
                say(f"{self._call(data)} -> failed: {one_line(data['message'], 200)}")
            case "tool.in_doubt":
                say(f"{self._call(data)} -> in doubt: {one_line(data['why'], 200)}")
            case "plan.created":
                say(f"plan of {len(data['plan']['steps'])} steps")
            case "plan.revised":
                say(f"plan revised: {one_line(data.get('why') or data['by'], 200)}")
            case "step.skipped":
                say(f"{one_line(data['step_id'])} skipped: {one_line(data['why'], 200)}")
            case "step.failed":
                say(f"{one_line(data['step_id'])} failed: {one_line(data.get('message') or data['error'], 200)}")
            case "planner.changed":
                say(f"{one_line(data['planner'])} from here: {one_line(data['why'], 200)}")
            case "task.waiting" if data.get("wake_at"):
                say(f"waiting ({data['reason']}) until {moment(data['wake_at'], seconds=True)}")
            case "approval.decided":
                say(f"{_DECIDED.get(data['decision'], data['decision'])} by {one_line(data['by'])}")

    def _asked_for(self, data: Document) -> None:
        self._steps += data.get("role", "act") != "summarize"
        self._tokens += data["usage"]["input_tokens"] + data["usage"]["output_tokens"]
        self._cost += data["cost_usd"]
        for call in data["tool_calls"]:
            self._calls[call["id"]] = brief_call(call["tool"], call["args"])
        self._now(", ".join(self._calls[call["id"]] for call in data["tool_calls"]) or "finishing")

    def _call(self, data: Document) -> str:
        return self._calls.pop(data["call_id"], one_line(data["tool"]))

    def _now(self, doing: str) -> None:
        if self._status is not None:
            from rich.text import Text

            spent = f"step {self._steps + 1} · {self._tokens:,} tokens · {money(self._cost)}"
            self._status.update(Text(f"{one_line(doing, 80)}  ({spent})"))


_DECIDED = {"approve": "approved", "edit": "approved with changes", "deny": "denied"}


def brief_call(tool: str, args: Document) -> str:
    """A call in a few words: ``recall "gate fees"``. Of several arguments the long ones are left out."""
    shown = [_brief_value(value) for value in args.values() if len(args) == 1 or len(_text(value)) <= _ARGUMENT_CHARS]
    return " ".join([one_line(tool), *shown])


def _brief_value(value: Any) -> str:
    text = one_line(_text(value), _ARGUMENT_CHARS)
    return f'"{text}"' if isinstance(value, str) and " " in text else text


def _brief_result(data: Document) -> str:
    """The result itself where it is short, else how much there is of it."""
    content = data["result"]["content"].strip()
    if len(content) <= _RESULT_CHARS and "\n" not in content:
        return one_line(content) or "done"
    found = len(data["result"]["sources"])
    return f"{found} found" if found else f"{len(content):,} characters"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
