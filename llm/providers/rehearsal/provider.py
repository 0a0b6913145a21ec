"""The provider: one prompt in, the next calls or the final answer out."""

import logging
import re
from collections.abc import Callable
from typing import Any

from journal.values import TokenUsage, ToolCall
from llm.providers.rehearsal import compose, conversation, structured
from llm.providers.rehearsal.answers import Answer, missing
from llm.providers.rehearsal.goal import read_goal
from llm.providers.rehearsal.mind import Mind
from llm.providers.rehearsal.toolbox import Pending, Toolbox
from llm.settings import ModelSettings
from llm.types import Completion, Request

_log = logging.getLogger(__name__)


class Rehearsal:
    """Journeyman's built-in model: deterministic, local, without a neural network. Implements ``llm.provider.Provider``.

    It keeps nothing between calls: the same request gives the same completion. Tokens are counted as words.
    """

    def __init__(self, settings: ModelSettings, *, strict: bool = False) -> None:
        """With ``strict`` a fault in the rules is raised, for tests; else the task ends in an answer that names it."""
        self.settings = settings
        self._strict = strict

    def bound_input(self, request: Request) -> int:
        """The bytes of all messages and offers: never fewer than the words."""
        messages = sum(
            len(m.content.encode()) + sum(len(str(c.args).encode()) for c in m.tool_calls) + 16 for m in request.prompt
        )
        return messages + sum(len(o.name) + len(o.description.encode()) + len(str(o.parameters)) for o in request.tools)

    async def complete(self, request: Request, on_delta: Callable[[str], None] | None = None) -> Completion:
        """The next tool calls, or the final answer, streamed word by word."""
        if request.tool_choice == _CRITIQUE:
            return _no_critique(request)
        told = conversation.read(request.prompt)
        tools = Toolbox(told, request.tools)
        is_hopeless = request.schema is not None and told.is_repair
        try:
            answers = [] if is_hopeless else _answers(told.goal, tools)
        except Exception as error:
            if self._strict:
                raise
            _log.exception("a fault in the rehearsal's rules")
            answers = _failed(error)
        spent = sum(len(m.content.split()) for m in request.prompt)
        if answers is None:
            calls = _calls(tools, told.call_ids)
            words = sum(len(str(c.args).split()) + 1 for c in calls)
            return Completion("", calls, TokenUsage(input_tokens=spent, output_tokens=words), "tool_calls")
        text = _structured(request.schema, answers) if request.schema else compose.final(answers)
        pieces = re.findall(r"\s*\S+", text)
        shown = pieces[: request.max_output_tokens]
        for piece in shown if on_delta else ():
            on_delta(piece)  # type: ignore[misc]
        reason = "stop" if len(shown) == len(pieces) else "length"
        return Completion("".join(shown), (), TokenUsage(input_tokens=spent, output_tokens=len(shown)), reason)

    async def open(self) -> None:
        return

    async def check(self) -> str:
        return "rehearsal is built in and always there: no network, no key, no neural network"

    async def aclose(self) -> None:
        """There is nothing to let go of."""


_CRITIQUE = "submit_critique"


def _no_critique(request: Request) -> Completion:
    """Rules that found an answer have nothing to say against it."""
    text = "I am the built-in rehearsal model, and cannot judge answers."
    call = ToolCall(id=f"call_{len(request.prompt)}", tool=_CRITIQUE, args={"holds": True, "critique": text})
    spent = sum(len(m.content.split()) for m in request.prompt)
    return Completion("", (call,), TokenUsage(input_tokens=spent, output_tokens=len(text.split())), "tool_calls")


def _structured(schema: dict[str, Any], answers: list[Answer]) -> str:
    """JSON of the schema; in words where it cannot be had, so that nobody takes an invented value for an answer."""
    if not answers:
        return _CANNOT
    try:
        if any(answer.found for answer in answers):
            return structured.fill(schema, answers)
    except structured.Unfillable:
        pass
    return f"{_CANNOT}\n\n{compose.final(answers)}"


_CANNOT = (
    "I cannot put this into the form that was asked for: I am the built-in rehearsal model, and fill forms by rules alone."
)


def _answers(goal: str, tools: Toolbox) -> list[Answer] | None:
    """The answers, or ``None`` while calls are pending."""
    if not goal:
        return []
    try:
        done = Mind(read_goal(goal), tools).work()
    except Pending:
        return None
    return None if done is None else [answer for _, answer in done]


def _failed(error: Exception) -> list[Answer]:
    fault = f"{type(error).__name__}: {error}"
    return [missing(f"This went beyond what I can work out, by a fault in my own rules ({fault}). Please report it.")]


def _calls(tools: Toolbox, taken: frozenset[str]) -> tuple[ToolCall, ...]:
    calls: list[ToolCall] = []
    number = len(taken)
    for name, args in tools.pending.values():
        number += 1
        while f"call_{number}" in taken:
            number += 1
        calls.append(ToolCall(id=f"call_{number}", tool=name, args=args))
    return tuple(calls)
