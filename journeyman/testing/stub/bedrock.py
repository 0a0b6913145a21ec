"""Anthropic's Messages as Amazon Bedrock has them: the model in the address, streams in AWS's binary framing."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from journeyman.testing.stub.anthropic_messages import AnthropicMessages, events
from journeyman.testing.stub.script import Asked, Reply

_STRING = 7
"""The type of a header's value."""


class Bedrock(AnthropicMessages):
    """See ``wire.WireFormat``."""

    paths: tuple[str, ...] = ("/model/{model}/{action:invoke|invoke-with-response-stream}",)
    content_type: str = "application/vnd.amazon.eventstream"

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        return replace(super().read(number, headers, body), streamed=body["action"] != "invoke")

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        for data in events(asked, reply):
            yield _framed(json.dumps(data, ensure_ascii=False).encode())

    def error(self, status: int, message: str, code: str | None) -> bytes:
        return json.dumps({"message": message}).encode()


def _framed(event: bytes) -> bytes:
    """One message: lengths and their checksum, headers, payload, and a checksum of all."""
    payload = json.dumps({"bytes": base64.b64encode(event).decode()}).encode()
    headers = b"".join(
        _header(name, value)
        for name, value in ((":message-type", "event"), (":event-type", "chunk"), (":content-type", "application/json"))
    )
    lengths = (len(payload) + len(headers) + 16).to_bytes(4) + len(headers).to_bytes(4)
    message = lengths + zlib.crc32(lengths).to_bytes(4) + headers + payload
    return message + zlib.crc32(message).to_bytes(4)


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([_STRING]) + len(value).to_bytes(2) + value.encode()
