"""OpenAI's Chat Completions wire format: our messages and tools as bytes, its answers as ``Completion``. Pure.

Servers that call themselves compatible differ in what they leave out. What can be put right without guessing at
meaning is put right here; what cannot raises ``MalformedAnswer``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from journal.values import ImagePart, Message, TokenUsage, ToolCall
from llm.errors import MalformedAnswer, StreamCut
from llm.providers.openai_stream import ChatAssembly
from llm.providers.schemas import is_strict, told_in_words
from llm.providers.wire import (
    CallIds,
    EncodedTools,
    chosen_tool,
    count,
    data_url,
    decode_call,
    error_text,
    request_fields,
    text_of,
    to_bytes,
    wire_id,
    wire_name,
)
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

FORMAT = "openai.chat"

_FINISH = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "content_filter": "refused",
}
_BROKEN_OFF = frozenset({"error", "abort", "insufficient_system_resource"})
"""What servers say when they gave up in the middle (OpenRouter, vLLM, DeepSeek)."""


class ChatFormat:
    """See ``wire.WireFormat``. ``limit_field`` is the server's name for the bound of its answer.

    ``schema_beside_tools``: the server still calls tools where a schema is asked for. Many compatible ones call none then, so
    they are held to a schema beside tools only where the settings name the way (``structured``).
    """

    path = "/chat/completions"
    structured = ("json_schema", "json_object", "tool", "guided_json", "grammar")
    reserved = frozenset(
        {
            "model",
            "messages",
            "tools",
            "tool_choice",
            "stream",
            "stream_options",
            "max_tokens",
            "max_completion_tokens",
            "n",
            "response_format",
            "guided_json",
            "json_schema",
        }
    )

    def __init__(self, settings: ModelSettings, limit_field: str, *, schema_beside_tools: bool) -> None:
        self._settings = settings
        self._limit_field = limit_field
        self._schema_beside_tools = schema_beside_tools or settings.structured is not None

    @staticmethod
    def encode_offer(offer: ToolOffer) -> dict[str, Any]:
        function = {"name": wire_name(offer.name), "description": offer.description, "parameters": offer.parameters}
        return {"type": "function", "function": function}

    def frame(self, request: Request, tools: EncodedTools, *, stream: bool) -> tuple[bytes, bytes]:
        fields = request_fields(self._settings, request, self._limit_field, self.reserved)
        if request.effort or self._settings.effort:
            fields["reasoning_effort"] = request.effort or self._settings.effort
        tail = b"]}"
        if request.schema is not None and (self._schema_beside_tools or not request.tools):
            way = self._settings.structured or self.structured[0]
            fields |= _structured(way, request.schema)
            if way == "json_object":
                tail = b"," + encode_message(told_in_words(request.schema)) + tail
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        offered = b""
        if tools.names:
            offered = b',"tools":' + tools.wire
            fields |= _tool_choice(request)
        return to_bytes(fields)[:-1] + offered + b',"messages":[', tail

    def messages(self, prompt: Prompt) -> bytes:
        return prompt.encoded(FORMAT, encode_message)

    def messages_size(self, prompt: Prompt) -> int:
        return prompt.encoded_size(FORMAT, encode_message)

    def decode(self, answer: Any, request: Request, names: Mapping[str, str], bound_input: int) -> Completion:
        return decode_answer(answer, request, names, bound_input)

    def text(self, answer: Any) -> str:
        return answer_text(answer)

    def assembly(self, on_delta: Callable[[str], None]) -> ChatAssembly:
        return ChatAssembly(on_delta)


def _structured(way: str, schema: dict[str, Any]) -> dict[str, Any]:
    match way:
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "guided_json":  # vLLM
            return {"guided_json": schema}
        case "grammar":  # llama.cpp makes a grammar of the schema
            return {"json_schema": schema}
        case _:
            strict = {"strict": True} if is_strict(schema) else {}
            json_schema = {"name": "answer", "schema": schema, **strict}
            return {"response_format": {"type": "json_schema", "json_schema": json_schema}}


def _tool_choice(request: Request) -> dict[str, Any]:
    if request.tool_choice == "auto":
        return {}
    name = chosen_tool(request)
    return {"tool_choice": request.tool_choice if name is None else {"type": "function", "function": {"name": name}}}


def encode_message(message: Message) -> bytes:
    """One message in wire form."""
    if message.role == "tool":
        return to_bytes({"role": "tool", "tool_call_id": wire_id(message.call_id or ""), "content": _result_text(message)})
    if message.images:
        text = [{"type": "text", "text": message.content}] if message.content else []
        return to_bytes({"role": message.role, "content": [*text, *map(_encode_image, message.images)]})
    if not message.tool_calls:
        return to_bytes({"role": message.role, "content": message.content})
    calls = [_encode_call(call) for call in message.tool_calls]
    return to_bytes({"role": message.role, "content": message.content or None, "tool_calls": calls})


def _result_text(message: Message) -> str:
    if not message.images:
        return message.content
    return f"{message.content}\n[{len(message.images)} image(s): this API shows none in a tool's result]"


def _encode_image(image: ImagePart) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(image)}}


def _encode_call(call: ToolCall) -> dict[str, Any]:
    # Servers parse the arguments of earlier calls, and many refuse the whole request if one is not JSON: a malformed call
    # goes back as an empty one, and its tool message says what was wrong.
    arguments = to_bytes(call.args).decode()
    return {
        "id": wire_id(call.id),
        "type": "function",
        "function": {"name": wire_name(call.tool), "arguments": arguments},
    }


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
    if answer.get("error"):
        raise MalformedAnswer(f"The API broke off with an error: {error_text(answer['error'])}")
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
    return text_of(content)


def _decode_calls(message: dict[str, Any], request: Request, names: Mapping[str, str]) -> tuple[ToolCall, ...]:
    raw = message.get("tool_calls") or []
    old = message.get("function_call")
    if not raw and isinstance(old, dict):
        raw = [{"function": old}]
    if not isinstance(raw, list):
        raise MalformedAnswer("The model's answer has tool calls that are not a list.")
    ids = CallIds(request.prompt)
    return tuple(_decode_call(call, ids, names) for call in raw)


def _decode_call(raw: Any, ids: CallIds, names: Mapping[str, str]) -> ToolCall:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise MalformedAnswer("The model's answer has a tool call without a function's name.")
    return decode_call(raw.get("id"), function["name"], function.get("arguments"), ids, names)


def _usage(said: Any, message: dict[str, Any], bound_input: int, most_output: int) -> TokenUsage:
    """What the server counted. A count it leaves out is replaced by an upper bound, as a budget must not pass its ceiling:
    for input the bytes of the request, for output the bytes of the answer (a token is at least one byte)."""
    said = said if isinstance(said, dict) else {}
    input_tokens = count(said.get("prompt_tokens"))
    output_tokens = count(said.get("completion_tokens"))
    if input_tokens is None:
        input_tokens = bound_input
    if output_tokens is None:
        output_tokens = min(len(to_bytes(message)), most_output)
    return detailed_usage(
        input_tokens, output_tokens, said.get("prompt_tokens_details"), said.get("completion_tokens_details")
    )


def detailed_usage(input_tokens: int, output_tokens: int, of_input: Any, of_output: Any) -> TokenUsage:
    """Usage with what OpenAI's APIs say about its parts."""
    of_input = of_input if isinstance(of_input, dict) else {}
    of_output = of_output if isinstance(of_output, dict) else {}
    cached = min(count(of_input.get("cached_tokens")) or 0, input_tokens)
    return TokenUsage(
        input_tokens=input_tokens,
        cached_input_tokens=cached,
        output_tokens=output_tokens,
        cache_write_tokens=min(count(of_input.get("cache_write_tokens")) or 0, input_tokens - cached),
        reasoning_tokens=min(count(of_output.get("reasoning_tokens")) or 0, output_tokens),
    )
