"""What the stub server needs of an API's wire format."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from journeyman.testing.stub.script import Asked, Reply


class WireFormat(Protocol):
    """One API's requests, answers and errors, as bytes."""

    path: str
    """Where the API takes its requests, as ``/v1/chat/completions``."""

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        """What a request asks. Raises ``ValueError`` saying what is wrong with it."""

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        """A reply in one piece."""

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        """A reply as the server-sent events of a stream."""

    def error(self, status: int, message: str, code: str | None) -> bytes:
        """The body of an error response."""
