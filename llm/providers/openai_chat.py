"""OpenAI's Chat Completions wire format: our messages and tools as bytes, its answers as ``Completion``. Pure.

Servers that call themselves compatible differ in what they leave out. What can be put right without guessing at
meaning is put right here; what cannot raises ``MalformedAnswer``.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

from journal.values import Message, TokenUsage, ToolCall
from llm.errors import InvalidRequest, MalformedAnswer, StreamCut
from llm.types import Completion, Request, ToolOffer
from trust.digest import digest

FORMAT = "openai.chat"

_LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")

_FINISH = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "content_filter": "refused",
}
_BROKEN_OFF = frozenset({"error", "abort", "insufficient_system_resource"})
"""What servers say when they gave up in the middle (OpenRouter, vLLM, DeepSeek)."""


def to_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON. A lone surrogate, which no server can read, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


@lru_cache(maxsize=4096)
def wire_name(name: str) -> str:
    """A tool's name as the API allows it: ``files.read`` is ``files__read``; the same name always gives the same one.

    The API takes letters, digits, ``_`` and ``-``, 64 at most; of a longer name the end gives way to its digest.
    """
    allowed = _NOT_IN_NAMES.sub("_", name.replace(".", "__"))
    if len(allowed) <= _LONGEST_NAME:
        return allowed
    return f"{allowed[: _LONGEST_NAME - 9]}_{digest(name)[:8]}"


@dataclass(frozen=True, slots=True)
class EncodedTools:
    """The ``tools`` field of a request, and the way back from its names to ours."""

    wire: bytes
    names: Mapping[str, str]

    @classmethod
    def of(cls, offers: Sequence[ToolOffer]) -> "EncodedTools":
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
        return cls(to_bytes([_encode_offer(offer) for offer in offers]), names)


def _encode_offer(offer: ToolOffer) -> dict[str, Any]:
    function = {"name": wire_name(offer.name), "description": offer.description, "parameters": offer.parameters}
    return {"type": "function", "function": function}


def encode_message(message: Message) -> bytes:
    """One message in wire form."""
    if message.role == "tool":
        return to_bytes({"role": "tool", "tool_call_id": message.call_id, "content": message.content})
    if not message.tool_calls:
        return to_bytes({"role": message.role, "content": message.content})
    calls = [_encode_call(call) for call in message.tool_calls]
    return to_bytes({"role": message.role, "content": message.content or None, "tool_calls": calls})


def _encode_call(call: ToolCall) -> dict[str, Any]:
    # Servers parse the arguments of earlier calls, and many refuse the whole request if one is not JSON: a malformed call
    # goes back as an empty one, and its tool message says what was wrong.
    arguments = to_bytes(call.args).decode()
    return {"id": call.id, "type": "function", "function": {"name": wire_name(call.tool), "arguments": arguments}}


def decode_answer(answer: Any, request: Request, names: Mapping[str, str], bound_input: int) -> Completion:
    """The completion in a response body. ``names`` leads back to our tool names; ``bound_input`` stands in for a missing
    count of input tokens. Raises ``MalformedAnswer`` or ``StreamCut``."""
    choice = _only_choice(answer)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise MalformedAnswer("The model's answer has a choice without a message.")
    calls = _decode_calls(message, request, names)
    refusal = message.get("refusal")
    response_id = answer.get("id")
    return Completion(
        content=_text(message.get("content")) or _text(refusal),
        tool_calls=calls,
        usage=_usage(answer.get("usage"), message, bound_input, request.max_output_tokens),
        finish_reason="refused" if refusal else _finish_reason(choice.get("finish_reason"), calls),
        response_id=response_id if isinstance(response_id, str) else None,
    )


def answer_text(answer: Any) -> str:
    """The text in a response body, for showing; empty where there is none."""
    message = _only_choice(answer).get("message")
    return _text(message.get("content")) if isinstance(message, dict) else ""


def _only_choice(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise MalformedAnswer(f"The model's answer is a JSON {type(answer).__name__}, not an object.")
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    error = answer.get("error")
    if error:
        text = error.get("message") if isinstance(error, dict) else error
        raise MalformedAnswer(f"The API broke off with an error: {str(text)[:500]}")
    raise MalformedAnswer("The model's answer has no choices.")


def _finish_reason(said: Any, calls: Sequence[ToolCall]) -> str:
    said = said if isinstance(said, str) else "stop"
    if said in _BROKEN_OFF:
        raise StreamCut(f"The model stopped in the middle of its answer ({said}).")
    reason = _FINISH.get(said, "stop")
    # Several servers say `stop` beside tool calls.
    return "tool_calls" if reason == "stop" and calls else reason


def _text(content: Any) -> str:
    """Text that is a string, or a list of parts of which those of type ``text`` count."""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return _whole_characters(content) if isinstance(content, str) else ""


def _whole_characters(text: str) -> str:
    """``text`` without lone surrogates: no database and no later request could hold one."""
    return text.encode("utf-8", "replace").decode()


def _decode_calls(message: dict[str, Any], request: Request, names: Mapping[str, str]) -> tuple[ToolCall, ...]:
    raw = message.get("tool_calls") or []
    old = message.get("function_call")
    if not raw and isinstance(old, dict):
        raw = [{"function": old}]
    if not isinstance(raw, list):
        raise MalformedAnswer("The model's answer has tool calls that are not a list.")
    taken: set[str] = set()
    return tuple(_decode_call(call, request, names, taken) for call in raw)


def _decode_call(raw: Any, request: Request, names: Mapping[str, str], taken: set[str]) -> ToolCall:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise MalformedAnswer("The model's answer has a tool call without a function's name.")
    name = _whole_characters(function["name"])
    call_id = _unique_id(raw.get("id"), request, taken)
    args, malformed = _decode_arguments(function.get("arguments"))
    return ToolCall(id=call_id, tool=names.get(name, name), args=args, malformed=malformed)


def _unique_id(said: Any, request: Request, taken: set[str]) -> str:
    """The server's id, unless it is missing or some call of this conversation has it: the journal tells calls apart by it."""
    call_id = _text(said)
    if not call_id or call_id in taken or request.prompt.has_call(call_id):
        call_id = f"call_{uuid4().hex}"
    taken.add(call_id)
    return call_id


def _decode_arguments(raw: Any) -> tuple[dict[str, Any], str | None]:
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
    return {}, _whole_characters(raw) if isinstance(raw, str) else to_bytes(raw).decode()


def _usage(said: Any, message: dict[str, Any], bound_input: int, most_output: int) -> TokenUsage:
    """What the server counted. A count it leaves out is replaced by an upper bound, as a budget must not pass its ceiling:
    for input the bytes of the request, for output the bytes of the answer (a token is at least one byte)."""
    said = said if isinstance(said, dict) else {}
    details = said.get("prompt_tokens_details")
    input_tokens = _count(said.get("prompt_tokens"))
    output_tokens = _count(said.get("completion_tokens"))
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    if input_tokens is None:
        input_tokens = bound_input
    if output_tokens is None:
        output_tokens = min(len(to_bytes(message)), most_output)
    return TokenUsage(
        input_tokens=input_tokens,
        cached_input_tokens=min(cached or 0, input_tokens),
        output_tokens=output_tokens,
    )


def _count(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
