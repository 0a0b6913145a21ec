"""Summaries of what a conversation no longer shows: the text they are made from, and the message they become. Pure."""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from journal import events as ev
from journal.values import Message, ToolCall
from trust.labels import SYSTEM

MAX_HANDLES = 20
MAX_ARGS_CHARS = 60

_LONGEST_CLIP = 4000
_SHORTEST_CLIP = 60
_FIRST_LINE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Handle:
    """A result that can be read again: ``seq`` is its handle, ``size`` its characters."""

    seq: int
    tool: str
    args: str
    size: int


class Handles:
    """The results of a task. Of the covered ones the newest are kept, so that the list has a bound."""

    def __init__(self) -> None:
        self.covered: deque[Handle] = deque(maxlen=MAX_HANDLES)
        self.older = 0
        """How many covered results are not listed any more."""
        self._shown: deque[Handle] = deque()

    def add(self, seq: int, call: ToolCall, size: int) -> None:
        self._shown.append(Handle(seq, call.tool, _clipped(_json(call.args), MAX_ARGS_CHARS), size))

    def cover(self, upto_seq: int) -> None:
        while self._shown and self._shown[0].seq <= upto_seq:
            self.older += len(self.covered) == MAX_HANDLES
            self.covered.append(self._shown.popleft())


def summary_message(compacted: ev.ContextCompacted, handles: Handles, *, readable: bool) -> Message:
    """What stands in place of the covered turns. ``readable``: the agent has ``read_result``."""
    how = "put together without a model from" if compacted.by == STRUCTURE else f"written by {compacted.by} from"
    parts = [f"[This is a summary of your work so far, {how} events up to {compacted.upto_seq}.]", compacted.summary]
    if readable and handles.covered:
        lines = [f"- {h.seq}: {h.tool} {h.args} ({h.size:,} characters)" for h in handles.covered]
        more = [f"({handles.older} older ones are not listed)"] if handles.older else []
        parts.append("\n".join(['Earlier results; `read_result(handle="NUMBER")` shows one again:', *lines, *more]))
    return Message(role="user", content="\n\n".join(parts), label=compacted.label)


STRUCTURE = "structure"
"""Who wrote a summary that no model wrote."""


def question(previous: str, covered: Sequence[Message], room: int, instructions: str) -> tuple[Message, Message]:
    """The prompt of a model that is to write a summary, at most about ``room`` characters."""
    record = rendered(previous, covered, max(room - len(instructions), 1000))
    return (
        Message(role="system", content=instructions, label=SYSTEM),
        Message(role="user", content=f"The record:\n\n{record}\n\nWrite the summary now."),
    )


def rendered(previous: str, covered: Sequence[Message], room: int) -> str:
    """The covered turns as text of at most about ``room`` characters: long parts are clipped, then old ones left out."""
    earlier = [f"Earlier summary:\n{_clipped(previous, room // 2)}"] if previous else []
    clip = _LONGEST_CLIP
    lines = [_line(message, clip) for message in covered]
    while sum(map(len, lines)) > room and clip > _SHORTEST_CLIP:
        clip = max(clip // 2, _SHORTEST_CLIP)
        lines = [_line(message, clip) for message in covered]
    return "\n".join([*earlier, *_newest(lines, room - sum(map(len, earlier)))])


def structural(previous: str, covered: Sequence[Message], room: int) -> str:
    """A summary without a model: each call and how its result begins, the newest that fit ``room`` characters."""
    calls = {call.id: call for message in covered for call in message.tool_calls}
    lines = [text for message in covered if (text := _outline(message, calls))]
    kept = previous.splitlines()[1:] if previous.startswith(_PLAINLY) else previous.splitlines()
    return "\n".join([_PLAINLY, *_newest([*kept, *lines], room)])


_PLAINLY = "No model could write this summary. These are the calls so far and how their results begin:"


def _outline(message: Message, calls: dict[str, ToolCall]) -> str:
    if message.role == "tool":
        call = calls.get(message.call_id or "")
        name = f"{call.tool} {_clipped(_json(call.args), MAX_ARGS_CHARS)}" if call else "a call"
        return f"- {name} -> {_first_line(message.content)}"
    who = "you said" if message.role == "assistant" else "the person said"
    return f"- {who}: {_first_line(message.content)}" if message.content.strip() else ""


def _line(message: Message, clip: int) -> str:
    if message.role == "tool":
        return f"result: {_clipped(message.content, clip)}"
    if message.role != "assistant":
        return f"the person: {_clipped(message.content, clip)}"
    calls = [f"call: {call.tool} {_clipped(_json(call.args), clip)}" for call in message.tool_calls]
    said = [f"the agent: {_clipped(message.content, clip)}"] if message.content.strip() else []
    return "\n".join([*said, *calls])


def _newest(lines: Iterable[str], room: int) -> list[str]:
    kept: list[str] = []
    left_out = 0
    for line in reversed(list(lines)):
        room -= len(line) + 1
        if room >= 0 and not left_out:
            kept.append(line)
        else:
            left_out += 1
    return [*([f"[{left_out} earlier lines left out]"] if left_out else []), *reversed(kept)]


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "(empty)")
    return _clipped(line, _FIRST_LINE_CHARS)


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
