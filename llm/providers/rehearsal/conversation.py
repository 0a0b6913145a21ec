"""What has happened so far, read from the prompt alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from journal.values import Message
from llm.providers.rehearsal.attached import Attached, split
from trust.labels import SYSTEM


@dataclass(frozen=True, slots=True)
class Conversation:
    """``goal`` is what the person asks now; ``earlier`` what they asked in the turns before. ``results`` maps each call made
    for this goal, as its tool and canonical arguments, to the text that came back."""

    goal: str
    earlier: str
    results: dict[str, str]
    call_ids: frozenset[str]
    attached: tuple[Attached, ...] = ()
    is_repair: bool = False
    """The last message is the runtime's own: the answer before it was not what was asked for."""


def call_key(tool: str, args: dict[str, JsonValue]) -> str:
    return tool + " " + json.dumps(args, sort_keys=True, ensure_ascii=False)


def read(messages: Sequence[Message]) -> Conversation:
    """Split the messages at the last final answer: what follows belongs to the goal at hand."""
    ends = [i for i, m in enumerate(messages) if m.role == "assistant" and not m.tool_calls]
    last_user = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    start = max((i + 1 for i in ends if i < last_user), default=0)
    now = messages[start:]
    goal, attached = split(m.content for m in now if m.role == "user")
    last = messages[last_user] if last_user >= 0 else None
    return Conversation(
        goal=goal,
        earlier="\n".join(m.content for m in messages[:start] if m.role == "user"),
        results=_results(now),
        call_ids=frozenset(call.id for m in messages for call in m.tool_calls),
        attached=attached,
        is_repair=last is not None and last is messages[-1] and last.label == SYSTEM,
    )


def _results(messages: Sequence[Message]) -> dict[str, str]:
    keys: dict[str, str] = {}
    results: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls:
            keys[call.id] = call_key(call.tool, call.args)
        if message.role == "tool" and message.call_id in keys:
            results[keys[message.call_id]] = message.content
    return results
