"""The offered tools as functions: a call whose result is in the conversation returns it, any other is put on the list.

So the whole of a goal is written as straight code that is run again at every turn, and each turn gets one call further.
"""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from llm.providers.rehearsal.conversation import Conversation, call_key
from llm.providers.rehearsal.reckoning import arithmetic
from llm.types import ToolOffer


class Pending(Exception):
    """A result that is needed is not there yet; the call is on the toolbox's list."""


class ToolFailed(Exception):
    """The tool answered with an error; ``str`` is its message."""


_ALIASES = {
    "query": ("query", "q", "text", "question", "search"),
    "url": ("url", "uri", "link", "address"),
    "path": ("path", "file", "filename", "name", "file_path"),
    "content": ("content", "text", "data", "body"),
    "expression": ("expression", "expr", "input", "query"),
}
_LEFT_OUT = re.compile(
    r"\[\d+ characters left out here; [^\n]{0,40}?handle=\"(?P<handle>[^\"\n]{1,200})\", offset=(?P<offset>\d+)\)[^\n]{0,40}\]"
)
MAX_PAGES = 12
PAGE_CHARS = 20_000


class Toolbox:
    """Calls in the order they were first needed; ``pending`` holds the ones without a result."""

    def __init__(self, conversation: Conversation, offers: Sequence[ToolOffer]) -> None:
        self._results = conversation.results
        self.attached = conversation.attached
        self.offers = {offer.name: offer for offer in offers}
        self.pending: dict[str, tuple[str, dict[str, JsonValue]]] = {}

    def has(self, tool: str) -> bool:
        return tool in self.offers

    def call(self, tool: str, **args: JsonValue) -> str:
        """The result's text. Raises ``Pending``, or ``ToolFailed`` for a tool that failed or is not offered."""
        if tool not in self.offers:
            raise ToolFailed(f"the tool {tool} is not offered")
        fitted = _fit(self.offers[tool].parameters, args)
        key = call_key(tool, fitted)
        if key not in self._results:
            self.pending[key] = (tool, fitted)
            raise Pending
        result = self._results[key]
        if result.lstrip().startswith("Error:"):
            raise ToolFailed(result.strip().removeprefix("Error:").strip())
        return result

    def read_whole(self, tool: str, **args: JsonValue) -> str:
        """Like ``call``; where the result was shortened in the middle, the rest is read through ``read_result``."""
        text = self.call(tool, **args)
        note = _LEFT_OUT.search(text) if self.has("read_result") else None
        if note is None:
            return text
        head, offset = text[: note.start()].removesuffix("\n"), int(note["offset"])
        pages: list[str] = []
        while len(pages) < MAX_PAGES:
            try:
                page = self.call("read_result", handle=note["handle"], offset=offset + sum(map(len, pages)), limit=PAGE_CHARS)
            except ToolFailed:
                break
            pages.append(page)
            if len(page) < PAGE_CHARS:
                break
        return head[:offset] + "".join(pages) if pages else text

    def calculate(self, expression: str) -> str:
        """The value of ``expression``, by the calculator where there is one, else by exact arithmetic of our own."""
        try:
            return self.call("calculate", expression=expression)
        except ToolFailed:
            return arithmetic.evaluate(expression)


def _fit(schema: dict[str, Any], args: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments under the names that the schema gives them; what it does not know is left out."""
    known = schema.get("properties")
    if not isinstance(known, dict) or not known:
        return args
    fitted: dict[str, JsonValue] = {}
    for name, value in args.items():
        match = next((alias for alias in _ALIASES.get(name, (name,)) if alias in known), None)
        if match is not None:
            fitted[match] = _clip(known[match], value)
    return fitted


def _clip(schema: Any, value: JsonValue) -> JsonValue:
    if isinstance(schema, dict) and isinstance(value, int) and isinstance(schema.get("maximum"), (int, float)):
        return min(value, int(schema["maximum"]))
    return value
