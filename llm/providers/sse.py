"""Server-sent events in a stream of bytes."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator


class EventParser:
    """Finds the data of server-sent events in a stream of bytes.

    Lines end at a line feed only: text that holds other separators of Unicode's is one line.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of each event that ``piece`` completes."""
        *lines, rest = piece.split(b"\n")
        for line in lines:
            self._line += line
            yield from self._end_line()
        self._line += rest

    def close(self) -> Iterator[bytes]:
        """The last event, where the stream ended without the blank line behind it."""
        yield from self._end_line()
        yield from self._end_line()

    def _end_line(self) -> Iterator[bytes]:
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            yield b"\n".join(self._data)
            self._data.clear()


async def server_sent_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The data of each event."""
    parser = EventParser()
    async for piece in pieces:
        for event in parser.feed(piece):
            yield event
    for event in parser.close():
        yield event
