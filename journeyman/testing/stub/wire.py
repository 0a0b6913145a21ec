"""What the stub server needs of an API's wire format, and what such formats share."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from journeyman.testing.stub.script import Asked, Call, Reply, Usage

CREATED = 1_700_000_000
_SMALLEST_PIECE = 16
_MOST_PIECES = 200


class WireFormat(Protocol):
    """One API's requests, answers and errors, as bytes."""

    paths: tuple[str, ...]
    """Where the API takes its requests, as ``/v1/chat/completions``; ``{model}`` stands for the model's name."""

    content_type: str
    """What a stream of it is."""

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        """What a request asks. Raises ``ValueError`` saying what is wrong with it."""

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        """A reply in one piece."""

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        """A reply as the server-sent events of a stream."""

    def error(self, status: int, message: str, code: str | None) -> bytes:
        """The body of an error response."""


def pieces(text: str) -> Iterator[str]:
    """``text`` as a stream brings it."""
    size = max(_SMALLEST_PIECE, len(text) // _MOST_PIECES)
    for start in range(0, len(text), size):
        yield text[start : start + size]


def text_of(content: Any) -> str:
    """The text of a message: a string, or the parts of a list that have one."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def call_id(asked: Asked, index: int, call: Call) -> str:
    """The scripted id, or one that is unique to the server."""
    return call.id or f"call_{asked.number}_{index}"


def arguments(call: Call) -> str:
    """The call's arguments as the model writes them."""
    return json.dumps(call.args, ensure_ascii=False) if call.raw is None else call.raw


def usage_of(reply: Reply, asked_for: int) -> Usage:
    """The scripted usage, or an estimate from the characters asked and answered."""
    written = len(reply.text) * reply.repeat + sum(len(json.dumps(call.args)) for call in reply.calls)
    return reply.usage or Usage(input=asked_for // 4 + 1, output=written // 4 + 1)


def event(data: Mapping[str, Any], *, named: bool = True) -> bytes:
    """A server-sent event, with its ``type`` as its name."""
    name = f"event: {data['type']}\n" if named else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
