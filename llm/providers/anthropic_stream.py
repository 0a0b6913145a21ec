"""Streamed Messages: events put together into the same body that an unstreamed call returns."""

from collections.abc import Callable
from typing import Any

from llm.errors import LlmError, MalformedAnswer, RefusedRequest, StreamCut
from llm.providers.wire import error_text, read_event

_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Type of a delta to its field, where deltas are pieces of one text."""


class MessagesAssembly:
    """See ``wire.Assembly``."""

    def __init__(self, on_delta: Callable[[str], None]) -> None:
        self._on_delta = on_delta
        self._message: dict[str, Any] = {}
        self._blocks: dict[Any, dict[str, Any]] = {}
        self._pieces: dict[Any, list[str]] = {}
        self._usage: dict[str, Any] = {}
        self._begun = False
        self._done = False

    @property
    def done(self) -> bool:
        return self._done

    def add(self, event: bytes) -> None:
        data = read_event(event)
        kind = data.get("type")
        if kind == "error":
            raise broken_off(data.get("error"), begun=self._begun)
        self._begun = self._begun or kind != "ping"
        match kind:
            case "message_start":
                self._start(data.get("message"))
            case "content_block_start":
                self._open_block(data)
            case "content_block_delta":
                self._grow(data.get("index"), data.get("delta"))
            case "message_delta":
                self._change(data)
            case "message_stop":
                self._done = True

    def answer(self) -> dict[str, Any]:
        if not self._begun:
            raise MalformedAnswer("The API answered a streamed request without a single event.")
        if not self._done and self._message.get("stop_reason") is None:
            raise StreamCut("The connection ended in the middle of the model's answer.")
        for index, pieces in self._pieces.items():
            self._blocks[index][_whole(self._blocks[index])] = "".join(pieces)
        return {**self._message, "content": list(self._blocks.values()), "usage": self._usage}

    def _start(self, message: Any) -> None:
        if isinstance(message, dict):
            self._message = message
            self._count(message.get("usage"))

    def _change(self, data: dict[str, Any]) -> None:
        if isinstance(data.get("delta"), dict):
            self._message |= {key: value for key, value in data["delta"].items() if value is not None}
        self._count(data.get("usage"))

    def _count(self, usage: Any) -> None:
        """Counts are running totals; a later event may leave some out."""
        if isinstance(usage, dict):
            self._usage |= {key: value for key, value in usage.items() if value is not None}

    def _open_block(self, data: dict[str, Any]) -> None:
        block = data.get("content_block")
        self._blocks[data.get("index")] = dict(block) if isinstance(block, dict) else {}

    def _grow(self, index: Any, delta: Any) -> None:
        if not isinstance(delta, dict):
            return
        if index not in self._blocks:
            raise MalformedAnswer("The stream goes on with a block that it never began.")
        said = delta.get(_GROWING.get(str(delta.get("type")), ""))
        if isinstance(said, str):
            begun = self._blocks[index].get(_whole(self._blocks[index]))
            self._pieces.setdefault(index, [begun] if isinstance(begun, str) else []).append(said)
            if delta["type"] == "text_delta" and said:
                self._on_delta(said)
        elif delta.get("type") == "signature_delta":
            self._blocks[index]["signature"] = delta.get("signature")


def _whole(block: dict[str, Any]) -> str:
    """The field that a block's deltas make up."""
    kind = block.get("type")
    return kind if kind in ("text", "thinking") else "input"


def broken_off(error: Any, *, begun: bool) -> LlmError:
    """The API's own error inside a response. Before the first word it did no work."""
    from llm.providers.sdk_errors import of_code

    code = error.get("type") if isinstance(error, dict) else None
    kind = of_code(code) if isinstance(code, str) else None
    if not begun and kind is not None and issubclass(kind, RefusedRequest):
        return kind(f"The API answered with an error: {error_text(error)}")
    return StreamCut(f"The API broke off in the middle of its answer: {error_text(error)}")
