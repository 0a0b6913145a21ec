"""What a model is asked and what it answers, independent of any provider's wire format."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast, overload

from journal.values import Message, Opaque, TokenUsage, ToolCall
from llm.settings import Effort


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool as a model sees it. ``parameters`` is the JSON Schema (an object) of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


MOST_IMAGE_TOKENS = 50_000
"""No model is known to count one image as more; most count a thirtieth of it."""


class Conversation(Protocol):
    """The wire form of a conversation whose messages cannot be encoded one by one."""

    def add(self, message: Message) -> None:
        """Take the next message."""


_C = TypeVar("_C", bound=Conversation)


class Prompt(Sequence[Message]):
    """The messages of one conversation: append-only, so providers' prompt caches hit.

    An adapter keeps each message's wire form here (``encoded``), so that a request costs work for what is new and
    one copy of the rest, not a second encoding of the whole history.
    """

    __slots__ = ("_call_ids", "_conversations", "_messages", "_wire", "has_images", "image_excess")

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self._messages: list[Message] = []
        self._call_ids: set[str] = set()
        self._wire: dict[str, tuple[bytearray, int]] = {}
        self._conversations: dict[str, tuple[Conversation, int]] = {}
        self.has_images = False
        self.image_excess = 0
        """The bytes of images beyond one for each token that they can count as."""
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        self._messages.append(message)
        self._call_ids.update(call.id for call in message.tool_calls)
        for image in message.images:
            self.has_images = True
            self.image_excess += max(0, len(image.data) - MOST_IMAGE_TOKENS)

    def replaced(self, messages: Sequence[Message]) -> "Prompt":
        """Another prompt of the same conversation, which still knows the ids of the calls that are gone."""
        prompt = Prompt(messages)
        prompt._call_ids |= self._call_ids
        return prompt

    def has_call(self, call_id: str) -> bool:
        """Whether a tool call of this conversation already has this id."""
        return call_id in self._call_ids

    def encoded(self, wire_format: str, encode: Callable[[Message], bytes]) -> bytes:
        """All messages in ``wire_format``, joined by commas; ``encode`` is called once for each message."""
        return bytes(self._encode_new(wire_format, encode))

    def encoded_size(self, wire_format: str, encode: Callable[[Message], bytes]) -> int:
        """The length of ``encoded`` in bytes, without copying it."""
        return len(self._encode_new(wire_format, encode))

    def conversation(self, wire_format: str, begin: Callable[[], _C]) -> _C:
        """The conversation that ``begin`` made for ``wire_format``, with every message added to it once."""
        known, done = self._conversations.get(wire_format) or (begin(), 0)
        for message in self._messages[done:]:
            known.add(message)
        self._conversations[wire_format] = (known, len(self._messages))
        return cast("_C", known)

    def _encode_new(self, wire_format: str, encode: Callable[[Message], bytes]) -> bytearray:
        buffer, done = self._wire.get(wire_format, (bytearray(), 0))
        for message in self._messages[done:]:
            if buffer:
                buffer += b","
            buffer += encode(message)
        self._wire[wire_format] = (buffer, len(self._messages))
        return buffer

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        return self._messages[index]

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


@dataclass(frozen=True, slots=True)
class Request:
    """One model call. ``max_output_tokens`` is what the budget allows, at most the model's own limit.

    ``schema`` asks for an answer that is JSON of this JSON Schema. An adapter enforces it only where that leaves the model
    free to call the offered ``tools``; whoever asks checks the answer all the same. ``tool_choice``: ``auto``, ``none``,
    ``required`` (some tool) or the name of the tool to call. ``effort`` is how hard a reasoning model thinks; absent: the
    model's setting.
    """

    prompt: Prompt
    max_output_tokens: int
    tools: tuple[ToolOffer, ...] = ()
    role: str = "act"
    schema: dict[str, Any] | None = None
    temperature: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    tool_choice: str = "auto"
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's whole answer.

    ``finish_reason``: ``stop``, ``tool_calls``, ``length``, ``refused``, or ``paused`` (the model goes on when it is asked
    again with this answer at the prompt's end). ``opaque`` belongs on the message that is made of it.
    """

    content: str
    tool_calls: tuple[ToolCall, ...]
    usage: TokenUsage
    finish_reason: str
    response_id: str | None = None
    opaque: Opaque | None = None
