"""Anthropic's Messages wire format: our messages and tools as bytes, its answers as ``Completion``. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from journal.values import TokenUsage, ToolCall
from llm.errors import MalformedAnswer
from llm.providers.anthropic_conversation import CACHED, FORMAT, MessagesConversation
from llm.providers.anthropic_stream import MessagesAssembly, broken_off
from llm.providers.wire import (
    CallIds,
    EncodedTools,
    chosen_tool,
    count,
    decode_call,
    opaque,
    request_fields,
    text_of,
    to_bytes,
    wire_name,
)
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
    "pause_turn": "paused",
}


class MessagesFormat:
    """See ``wire.WireFormat``.

    Three cache breakpoints: behind the tools and the system prompt, behind the newest message, and behind the newest one of
    the request before, so that a turn of many blocks still finds what was cached for it.
    """

    path = "/v1/messages"
    reserved = frozenset({"model", "messages", "system", "tools", "tool_choice", "stream", "max_tokens"})

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._key = f"{FORMAT}:{settings.model}"
        # The API forces no tool on a model that thinks.
        self.structured = ("json_schema", "tool") if "thinking" in settings.options else ("tool", "json_schema")

    def encode_offer(self, offer: ToolOffer) -> dict[str, Any]:
        return {"name": wire_name(offer.name), "description": offer.description, "input_schema": offer.parameters}

    def frame(self, request: Request, tools: EncodedTools, *, stream: bool) -> tuple[bytes, bytes]:
        fields = request_fields(self._settings, request, "max_tokens", self.reserved)
        output: dict[str, Any] = {}
        if request.effort or self._settings.effort:
            output["effort"] = request.effort or self._settings.effort
        if request.schema is not None:
            output["format"] = {"type": "json_schema", "schema": request.schema}
        if output:
            fields["output_config"] = {**fields.get("output_config", {}), **output}
        if stream:
            fields["stream"] = True
        conversation = self._conversation(request.prompt)
        forced = request.tool_choice not in ("auto", "none")  # the API takes no thinking then
        if (conversation.unthought or forced) and "thinking" in fields:
            fields["thinking"] = {"type": "disabled"}
        system, offered = conversation.system, b""
        if tools.names:
            offered = b',"tools":' + (tools.wire if system else _marked(tools.wire))
            fields |= _tool_choice(request)
        instructed = b',"system":' + system if system else b""
        return to_bytes(fields)[:-1] + instructed + offered + b',"messages":[', b"]}"

    def messages(self, prompt: Prompt) -> bytes:
        return self._conversation(prompt).encoded()

    def messages_size(self, prompt: Prompt) -> int:
        return self._conversation(prompt).size

    def decode(self, answer: Any, request: Request, names: Mapping[str, str], bound_input: int) -> Completion:
        blocks = _blocks(answer)
        ids = CallIds(request.prompt)
        text: list[str] = []
        calls: list[ToolCall] = []
        parts: list[Any] = []
        for block in blocks:
            said = text_of(block.get("text")) if block.get("type") == "text" else ""
            if said:
                text.append(said)
                parts.append(len(said))
            elif block.get("type") == "tool_use":
                calls.append(_decode_call(block, ids, names))
                parts.append(-len(calls))
            elif block.get("type") != "text":
                parts.append(block)
        response_id = answer.get("id")
        return Completion(
            content="".join(text),
            tool_calls=tuple(calls),
            usage=_usage(answer.get("usage"), blocks, bound_input, request.max_output_tokens),
            finish_reason=_finish_reason(answer.get("stop_reason"), calls),
            response_id=response_id if isinstance(response_id, str) else None,
            opaque=opaque(FORMAT, self._settings.model, parts),
        )

    def text(self, answer: Any) -> str:
        return "".join(text_of(block.get("text")) for block in _blocks(answer) if block.get("type") == "text")

    def assembly(self, on_delta: Callable[[str], None]) -> MessagesAssembly:
        return MessagesAssembly(on_delta)

    def _conversation(self, prompt: Prompt) -> MessagesConversation:
        return prompt.conversation(self._key, lambda: MessagesConversation(self._settings.model))


def _marked(tools: bytes) -> bytes:
    """The tools with a breakpoint on the last one: they are ``[{...},...,{...}]``."""
    return tools[:-2] + CACHED + b"}]"


def _tool_choice(request: Request) -> dict[str, Any]:
    if request.tool_choice == "auto":
        return {}
    name = chosen_tool(request)
    if name is not None:
        return {"tool_choice": {"type": "tool", "name": name}}
    return {"tool_choice": {"type": "any" if request.tool_choice == "required" else "none"}}


def _blocks(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, dict):
        raise MalformedAnswer(f"The model's answer is a JSON {type(answer).__name__}, not an object.")
    if answer.get("error"):
        raise broken_off(answer["error"], begun=True)
    content = answer.get("content")
    if not isinstance(content, list):
        raise MalformedAnswer("The model's answer has no content.")
    return [block for block in content if isinstance(block, dict)]


def _decode_call(block: dict[str, Any], ids: CallIds, names: Mapping[str, str]) -> ToolCall:
    if not isinstance(block.get("name"), str):
        raise MalformedAnswer("The model's answer has a tool call without a name.")
    return decode_call(block.get("id"), block["name"], block.get("input"), ids, names)


def _finish_reason(said: Any, calls: list[ToolCall]) -> str:
    reason = _FINISH.get(said, "stop") if isinstance(said, str) else "stop"
    return "tool_calls" if reason == "stop" and calls else reason


def _usage(said: Any, blocks: list[dict[str, Any]], bound_input: int, most_output: int) -> TokenUsage:
    """What the server counted, bounded from above where it did not. Its ``input_tokens`` are those beside the cache."""
    said = said if isinstance(said, dict) else {}
    fresh, written_out = count(said.get("input_tokens")), count(said.get("output_tokens"))
    read = count(said.get("cache_read_input_tokens")) or 0
    written = count(said.get("cache_creation_input_tokens")) or 0
    details = said.get("output_tokens_details")
    thought = count(details.get("thinking_tokens")) if isinstance(details, dict) else None
    output = min(len(to_bytes(blocks)), most_output) if written_out is None else written_out
    return TokenUsage(
        input_tokens=max(bound_input, read + written) if fresh is None else fresh + read + written,
        cached_input_tokens=read,
        output_tokens=output,
        cache_write_tokens=written,
        reasoning_tokens=min(thought or 0, output),
    )
