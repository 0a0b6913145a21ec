"""The outermost layer: what a client hears of an exception that nobody expected."""

import json
import logging

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.gate import Envelope

SCOPE = {"type": "http", "method": "GET", "path": "/v1/tasks", "headers": []}


async def never() -> Message:
    raise AssertionError("nothing is to be received")


class Sent(list[Message]):
    async def send(self, message: Message) -> None:
        self.append(message)


async def test_an_unexpected_exception_is_logged_under_the_id_that_the_client_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the secret is swordfish")

    sent = Sent()
    with caplog.at_level(logging.ERROR):
        await Envelope(broken)(dict(SCOPE), never, sent.send)
    start, body = sent
    document = json.loads(body["body"])
    assert start["status"] == document["status"] == 500
    assert dict(start["headers"])[b"x-request-id"].decode() == document["request_id"]
    assert document["request_id"] in caplog.text
    assert "the secret is swordfish" in caplog.text
    assert b"swordfish" not in body["body"]


async def test_an_exception_behind_the_first_byte_leaves_the_response_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("gone")

    sent = Sent()
    await Envelope(breaks_off)(dict(SCOPE), never, sent.send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"]
    assert "gone" in caplog.text
