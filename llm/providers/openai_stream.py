"""Streamed Chat Completions: server-sent events put together into the same body that an unstreamed call returns."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llm.errors import MalformedAnswer, StreamCut
from llm.providers.wire import error_text, read_event

_DONE = b"[DONE]"


@dataclass(slots=True)
class _Call:
    """One tool call as its fragments arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ChatAssembly:
    """Collects the chunks of one answer; ``on_delta`` is handed each piece of text."""

    def __init__(self, on_delta: Callable[[str], None]) -> None:
        self._on_delta = on_delta
        self._id: Any = None
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._open: dict[Any, _Call] = {}
        self._finish: Any = None
        self._usage: Any = None
        self._begun = False
        self._done = False

    def add(self, event: bytes) -> None:
        """Take one event. Raises ``StreamCut`` for an error in mid-stream, ``MalformedAnswer`` for what is not a chunk."""
        self._begun = True
        if event.startswith(_DONE):
            self._done = True
            return
        chunk = read_event(event)
        if chunk.get("error"):
            raise StreamCut(f"The API broke off in the middle of its answer: {error_text(chunk['error'])}")
        self._id = self._id or chunk.get("id")
        self._usage = chunk.get("usage") or self._usage
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._add_choice(choices[0])

    @property
    def done(self) -> bool:
        """The stream said that nothing more comes."""
        return self._done

    def answer(self) -> dict[str, Any]:
        """The body that an unstreamed call would have returned. Raises ``StreamCut`` if the end never came,
        ``MalformedAnswer`` if there was no event at all."""
        if not self._begun:
            raise MalformedAnswer("The API answered a streamed request without a single event.")
        if not self._done and self._finish is None:
            raise StreamCut("The connection ended in the middle of the model's answer.")
        message = {
            "content": "".join(self._text),
            "refusal": "".join(self._refusal),
            "reasoning_content": "".join(self._reasoning),
            "tool_calls": [
                {"id": call.id, "function": {"name": call.name, "arguments": "".join(call.arguments)}} for call in self._calls
            ],
        }
        choice = {"message": message, "finish_reason": self._finish}
        return {"id": self._id, "choices": [choice], "usage": self._usage}

    def _add_choice(self, choice: dict[str, Any]) -> None:
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return
        text = delta.get("content")
        if isinstance(text, str) and text:
            self._text.append(text)
            self._on_delta(text)
        for kept, key in ((self._refusal, "refusal"), (self._reasoning, "reasoning_content")):
            if isinstance(delta.get(key), str):
                kept.append(delta[key])
        calls = delta.get("tool_calls")
        for fragment in calls if isinstance(calls, list) else ():
            if isinstance(fragment, dict):
                self._add_fragment(fragment)
        if isinstance(delta.get("function_call"), dict):
            self._add_fragment({"index": 0, "function": delta["function_call"]})

    def _add_fragment(self, fragment: dict[str, Any]) -> None:
        function = fragment.get("function")
        function = function if isinstance(function, dict) else {}
        call_id, name, arguments = fragment.get("id"), function.get("name"), function.get("arguments")
        call = self._call_of(fragment.get("index"), call_id, name)
        if isinstance(call_id, str) and not call.id:
            call.id = call_id
        if isinstance(name, str) and not call.name:
            call.name = name
        if arguments is not None:
            call.arguments.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _call_of(self, index: Any, call_id: Any, name: Any) -> _Call:
        """The call a fragment belongs to. Some servers give every call the same index, or none: there a new id that comes
        with a name starts a new call (a new id alone does not: others send one with each fragment)."""
        current = self._open.get(index) or (self._calls[-1] if index is None and self._calls else None)
        if current is None or (name and current.name and call_id and call_id != current.id):
            current = _Call()
            self._calls.append(current)
            self._open[index] = current
        return current
