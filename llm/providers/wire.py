"""What wire formats have in common: names, ids, arguments, counts, and the protocol the adapter knows them by. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from uuid import uuid4

from journal.errors import ConfigurationError
from journal.values import ImagePart, Message, Opaque, ToolCall
from llm.errors import InvalidRequest, MalformedAnswer
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer
from trust.digest import digest

_LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Assembly(Protocol):
    """Puts the events of one streamed answer together."""

    @property
    def done(self) -> bool:
        """The stream said that nothing more comes."""

    def add(self, event: bytes) -> None:
        """Take the data of one event. Raises an ``LlmError`` for an error in mid-stream and for what is no event."""

    def answer(self) -> dict[str, Any]:
        """The body that an unstreamed call would have returned. Raises ``StreamCut`` if the end never came."""


class WireFormat(Protocol):
    """One API's requests and answers for one model."""

    @property
    def path(self) -> str:
        """Where the API takes its requests, behind the base URL."""

    @property
    def reserved(self) -> frozenset[str]:
        """Fields that options may not set: they belong to the request or to its budget."""

    @property
    def structured(self) -> tuple[str, ...]:
        """The ways to hold an answer to a schema (``llm.settings.Structured``), the default one first."""

    def encode_offer(self, offer: ToolOffer) -> dict[str, Any]:
        """A tool as the API is told of it."""

    def frame(self, request: Request, tools: "EncodedTools", *, stream: bool) -> tuple[bytes, bytes]:
        """The body before and behind the messages."""

    def messages(self, prompt: Prompt) -> bytes:
        """The messages between them."""

    def messages_size(self, prompt: Prompt) -> int:
        """At least the length of ``messages`` in bytes, found without copying them."""

    def decode(self, answer: Any, request: Request, names: Mapping[str, str], bound_input: int) -> Completion:
        """The completion in a response body. ``names`` leads back to our tool names; ``bound_input`` stands in for a missing
        count of input tokens. Raises ``MalformedAnswer`` or ``StreamCut``."""

    def text(self, answer: Any) -> str:
        """The text in a response body, for showing; empty where there is none."""

    def assembly(self, on_delta: Callable[[str], None]) -> Assembly:
        """For one streamed answer; ``on_delta`` is handed each piece of text."""


def to_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON. A lone surrogate, which no server can read, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


@lru_cache(maxsize=4096)
def wire_name(name: str) -> str:
    """A tool's name as APIs allow it: ``files.read`` is ``files__read``; the same name always gives the same one.

    They take letters, digits, ``_`` and ``-``, 64 at most; of a longer name the end gives way to its digest.
    """
    allowed = _NOT_IN_NAMES.sub("_", name.replace(".", "__"))
    if len(allowed) <= _LONGEST_NAME:
        return allowed
    return f"{allowed[: _LONGEST_NAME - 9]}_{digest(name)[:8]}"


def wire_id(call_id: str) -> str:
    """A call's id as every API takes it: some servers make ids that others refuse."""
    return call_id if _ID.fullmatch(call_id) else f"call_{digest(call_id)[:32]}"


@dataclass(frozen=True, slots=True)
class EncodedTools:
    """The ``tools`` field of a request, and the way back from its names to ours."""

    wire: bytes
    names: Mapping[str, str]

    @classmethod
    def of(cls, offers: Sequence[ToolOffer], encode: Callable[[ToolOffer], dict[str, Any]]) -> "EncodedTools":
        """Raises ``InvalidRequest`` when two tools would have one name on the wire."""
        names: dict[str, str] = {}
        for offer in offers:
            wire = wire_name(offer.name)
            if wire in names:
                raise InvalidRequest(
                    f"The tools `{names[wire]}` and `{offer.name}` are both called `{wire}` on the wire.",
                    hint="Rename one of them, or offer the agent only one.",
                )
            names[wire] = offer.name
        return cls(to_bytes([encode(offer) for offer in offers]), names)


def chosen_tool(request: Request) -> str | None:
    """The wire name of the tool that must be called; ``None`` for ``auto``, ``none`` and ``required``.

    Raises ``InvalidRequest`` for a tool that is not offered.
    """
    if request.tool_choice in ("auto", "none", "required"):
        return None
    if all(offer.name != request.tool_choice for offer in request.tools):
        raise InvalidRequest(f"The tool `{request.tool_choice}` was to be called, and is not offered.")
    return wire_name(request.tool_choice)


def check_options(options: Mapping[str, object], reserved: frozenset[str]) -> None:
    """Raises ``ConfigurationError`` for options that are not the user's to set."""
    wrong = sorted(reserved & options.keys())
    if wrong:
        raise ConfigurationError(
            f"A model's options may not set {', '.join(wrong)}.", hint="Use the model's own settings, as `max_output_tokens`."
        )


def request_fields(settings: ModelSettings, request: Request, limit_field: str, reserved: frozenset[str]) -> dict[str, Any]:
    """The fields that every API has: the model, its output limit under ``limit_field``, options and temperature."""
    check_options(request.options, reserved)
    fields: dict[str, Any] = {
        "model": settings.model,
        limit_field: min(request.max_output_tokens, settings.max_output_tokens),
        **settings.options,
        **request.options,
    }
    if request.temperature is not None:
        fields["temperature"] = request.temperature
    return fields


def data_url(image: ImagePart) -> str:
    return f"data:{image.media_type};base64,{image.data}"


def whole_characters(text: str) -> str:
    """``text`` without lone surrogates: no database and no later request could hold one."""
    return text.encode("utf-8", "replace").decode()


def text_of(value: Any) -> str:
    """``value`` if it is text, without lone surrogates."""
    return whole_characters(value) if isinstance(value, str) else ""


def decode_call(call_id: Any, name: str, arguments: Any, asked: "CallIds", names: Mapping[str, str]) -> ToolCall:
    """A call as we know it: under our own name, with an id of its own, its arguments read or kept as malformed."""
    name = whole_characters(name)
    args, malformed = decode_arguments(arguments)
    return ToolCall(id=asked.unique(call_id), tool=names.get(name, name), args=args, malformed=malformed)


class CallIds:
    """The ids of one answer's calls: the server's, unless one is missing or some call of the conversation has it already.

    The journal tells calls apart by them.
    """

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._taken: set[str] = set()

    def unique(self, said: Any) -> str:
        call_id = text_of(said)
        if not call_id or call_id in self._taken or self._prompt.has_call(call_id):
            call_id = f"call_{uuid4().hex}"
        self._taken.add(call_id)
        return call_id


def decode_arguments(raw: Any) -> tuple[dict[str, Any], str | None]:
    """The arguments, or none and the raw text where it is not a JSON object that can be written again."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return {}, None
    try:
        args = json.loads(raw) if isinstance(raw, str) else raw
        json.dumps(args, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        args = None
    if isinstance(args, dict):
        return args, None
    return {}, whole_characters(raw) if isinstance(raw, str) else to_bytes(raw).decode()


def count(value: Any) -> int | None:
    """A number of tokens, or ``None`` for what is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def opaque(wire_format: str, model: str, parts: Sequence[Any]) -> Opaque | None:
    """What to keep of an answer besides its text and calls: nothing where ``parts`` has no foreign one."""
    if not any(isinstance(part, dict) for part in parts):
        return None
    clean = json.loads(to_bytes(list(parts)))
    return Opaque(format=wire_format, model=model, parts=tuple(clean))


def parts_of(message: Message, wire_format: str, model: str) -> Iterator[str | ToolCall | dict[str, Any]]:
    """An assistant's message in its order: text, calls, and the foreign parts that this model's API wants back."""
    kept = message.opaque
    if kept is None or (kept.format, kept.model) != (wire_format, model):
        if message.content:
            yield message.content
        yield from message.tool_calls
        return
    start = 0
    for part in kept.parts:
        if isinstance(part, dict):
            yield part
        elif isinstance(part, int) and part > 0:
            yield message.content[start : start + part]
            start += part
        elif isinstance(part, int) and -part <= len(message.tool_calls):
            yield message.tool_calls[-part - 1]


def error_text(error: Any) -> str:
    """What an error object, or whatever stands in its place, says."""
    said = error.get("message") if isinstance(error, dict) else error
    return str(said)[:500]


def read_event(event: bytes) -> dict[str, Any]:
    """The data of one event of a stream. Raises ``MalformedAnswer`` for what is not a JSON object."""
    try:
        data = json.loads(event)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise MalformedAnswer(f"The stream holds an event that is not a JSON object: {event[:200]!r}.")
    return data
