"""OpenAI's Responses wire format: our messages and tools as bytes, its answers as ``Completion``. Pure.

Nothing is stored at OpenAI (``store: false``): what a model thought comes back encrypted, is journaled with its answer, and
is sent again with the conversation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from journal.values import Message, TokenUsage, ToolCall
from llm.errors import ContentRefused, LlmError, MalformedAnswer, RateLimited, StreamCut
from llm.providers.openai_chat import detailed_usage
from llm.providers.schemas import is_strict, told_in_words
from llm.providers.wire import (
    CallIds,
    EncodedTools,
    chosen_tool,
    count,
    data_url,
    decode_call,
    error_text,
    opaque,
    parts_of,
    read_event,
    request_fields,
    text_of,
    to_bytes,
    wire_id,
    wire_name,
)
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

FORMAT = "openai.responses"

_DO_NOT_REASON = ("gpt-3", "gpt-4", "chatgpt", "ft:gpt-3", "ft:gpt-4")
"""Models that refuse a request for their encrypted reasoning, as they have none."""


class ResponsesFormat:
    """See ``wire.WireFormat``."""

    path = "/responses"
    structured = ("json_schema", "json_object", "tool")
    reserved = frozenset(
        {
            "model",
            "input",
            "tools",
            "tool_choice",
            "stream",
            "max_output_tokens",
            "store",
            "background",
            "conversation",
            "previous_response_id",
        }
    )

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._format = f"{FORMAT}:{settings.model}"

    def encode_offer(self, offer: ToolOffer) -> dict[str, Any]:
        return {
            "type": "function",
            "name": wire_name(offer.name),
            "description": offer.description,
            "parameters": offer.parameters,
            "strict": False,
        }

    def frame(self, request: Request, tools: EncodedTools, *, stream: bool) -> tuple[bytes, bytes]:
        fields = request_fields(self._settings, request, "max_output_tokens", self.reserved)
        fields["store"] = False
        effort = request.effort or self._settings.effort
        if effort:
            fields["reasoning"] = {**fields.get("reasoning", {}), "effort": effort}
        if not self._settings.model.startswith(_DO_NOT_REASON):
            fields.setdefault("include", ["reasoning.encrypted_content"])
        tail = b"]}"
        if request.schema is not None:
            way = self._settings.structured or self.structured[0]
            fields["text"] = {**fields.get("text", {}), "format": _structured(way, request.schema)}
            if way == "json_object":
                tail = b"," + self._encode(told_in_words(request.schema)) + tail
        if stream:
            fields["stream"] = True
        offered = b""
        if tools.names:
            offered = b',"tools":' + tools.wire
            fields |= _tool_choice(request)
        return to_bytes(fields)[:-1] + offered + b',"input":[', tail

    def messages(self, prompt: Prompt) -> bytes:
        return prompt.encoded(self._format, self._encode)

    def messages_size(self, prompt: Prompt) -> int:
        return prompt.encoded_size(self._format, self._encode)

    def decode(self, answer: Any, request: Request, names: Mapping[str, str], bound_input: int) -> Completion:
        items = _items(answer)
        read = _Reading(request, names)
        for item in items:
            read.add(item)
        response_id = answer.get("id")
        return Completion(
            content="".join(read.text),
            tool_calls=tuple(read.calls),
            usage=_usage(answer.get("usage"), items, bound_input, request.max_output_tokens),
            finish_reason=read.finish_reason(answer),
            response_id=response_id if isinstance(response_id, str) else None,
            opaque=opaque(FORMAT, self._settings.model, read.parts),
        )

    def text(self, answer: Any) -> str:
        read = _Reading(Request(Prompt(), 1), {})
        for item in _items(answer):
            read.add(item)
        return "".join(read.text)

    def assembly(self, on_delta: Callable[[str], None]) -> "ResponsesAssembly":
        return ResponsesAssembly(on_delta)

    def _encode(self, message: Message) -> bytes:
        """One message as its items, joined by commas: there is always one at least."""
        if message.role == "tool":
            output = _content(message) if message.images else message.content
            call_id = wire_id(message.call_id or "")
            return to_bytes({"type": "function_call_output", "call_id": call_id, "output": output})
        if message.role != "assistant":
            content = _content(message) if message.images else message.content
            return to_bytes({"role": message.role, "content": content})
        items = [to_bytes(_item(part)) for part in parts_of(message, FORMAT, self._settings.model)]
        return b",".join(items) or to_bytes({"role": "assistant", "content": ""})


def _item(part: str | ToolCall | dict[str, Any]) -> dict[str, Any]:
    if isinstance(part, str):
        return {"role": "assistant", "content": part}
    if isinstance(part, dict):
        return part
    arguments = to_bytes(part.args).decode()
    return {"type": "function_call", "call_id": wire_id(part.id), "name": wire_name(part.tool), "arguments": arguments}


def _content(message: Message) -> list[dict[str, Any]]:
    text = [{"type": "input_text", "text": message.content}] if message.content else []
    return [*text, *({"type": "input_image", "image_url": data_url(image)} for image in message.images)]


def _structured(way: str, schema: dict[str, Any]) -> dict[str, Any]:
    if way == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)}


def _tool_choice(request: Request) -> dict[str, Any]:
    if request.tool_choice == "auto":
        return {}
    name = chosen_tool(request)
    return {"tool_choice": request.tool_choice if name is None else {"type": "function", "name": name}}


def _items(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, dict):
        raise MalformedAnswer(f"The model's answer is a JSON {type(answer).__name__}, not an object.")
    if answer.get("error"):
        raise _broken_off(answer["error"])
    status = answer.get("status") or "completed"
    if status not in ("completed", "incomplete"):
        raise StreamCut(f"The model stopped in the middle of its answer ({status}).")
    output = answer.get("output")
    if not isinstance(output, list):
        raise MalformedAnswer("The model's answer has no output.")
    return [item for item in output if isinstance(item, dict)]


def _broken_off(error: Any) -> LlmError:
    code = error.get("code") if isinstance(error, dict) else None
    text = f"The API broke off with an error: {error_text(error)}"
    if code == "rate_limit_exceeded":
        return RateLimited(text)
    if isinstance(code, str) and ("policy" in code or code == "invalid_prompt"):
        return ContentRefused(text)
    return StreamCut(text)


@dataclass(slots=True)
class _Reading:
    """The items of one answer, taken apart."""

    request: Request
    names: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    refused: bool = False
    ids: CallIds = field(init=False)

    def __post_init__(self) -> None:
        self.ids = CallIds(self.request.prompt)

    def add(self, item: dict[str, Any]) -> None:
        match item.get("type"):
            case "message":
                for part in item.get("content") or ():
                    self._say(part)
            case "function_call":
                self._call(item)
            case _:
                self.parts.append({key: value for key, value in item.items() if value is not None and key != "status"})

    def _say(self, part: Any) -> None:
        if not isinstance(part, dict):
            return
        self.refused = self.refused or part.get("type") == "refusal"
        text = text_of(part.get("text") or part.get("refusal"))
        if text:
            self.text.append(text)
            self.parts.append(len(text))

    def _call(self, item: dict[str, Any]) -> None:
        if not isinstance(item.get("name"), str):
            raise MalformedAnswer("The model's answer has a tool call without a function's name.")
        self.calls.append(decode_call(item.get("call_id"), item["name"], item.get("arguments"), self.ids, self.names))
        self.parts.append(-len(self.calls))

    def finish_reason(self, answer: dict[str, Any]) -> str:
        details = answer.get("incomplete_details")
        why = details.get("reason") if isinstance(details, dict) else None
        if self.refused or why == "content_filter":
            return "refused"
        if answer.get("status") == "incomplete":
            return "length"
        return "tool_calls" if self.calls else "stop"


def _usage(said: Any, items: list[dict[str, Any]], bound_input: int, most_output: int) -> TokenUsage:
    """What the server counted, bounded from above where it did not."""
    said = said if isinstance(said, dict) else {}
    input_tokens, output_tokens = count(said.get("input_tokens")), count(said.get("output_tokens"))
    return detailed_usage(
        bound_input if input_tokens is None else input_tokens,
        min(len(to_bytes(items)), most_output) if output_tokens is None else output_tokens,
        said.get("input_tokens_details"),
        said.get("output_tokens_details"),
    )


class ResponsesAssembly:
    """See ``wire.Assembly``. The last event holds the whole answer; a server that leaves its output out has sent the items."""

    def __init__(self, on_delta: Callable[[str], None]) -> None:
        self._on_delta = on_delta
        self._items: list[dict[str, Any]] = []
        self._answer: dict[str, Any] | None = None
        self._begun = False

    @property
    def done(self) -> bool:
        return self._answer is not None

    def add(self, event: bytes) -> None:
        self._begun = True
        if event.startswith(b"[DONE]"):
            return
        data = read_event(event)
        match data.get("type"):
            case "response.output_text.delta" | "response.refusal.delta":
                if isinstance(data.get("delta"), str) and data["delta"]:
                    self._on_delta(data["delta"])
            case "response.output_item.done":
                if isinstance(data.get("item"), dict):
                    self._items.append(data["item"])
            case "response.completed" | "response.incomplete" | "response.failed":
                self._answer = data["response"] if isinstance(data.get("response"), dict) else {}
            case "error":
                raise _broken_off(data.get("error") or data)

    def answer(self) -> dict[str, Any]:
        if not self._begun:
            raise MalformedAnswer("The API answered a streamed request without a single event.")
        if self._answer is None:
            raise StreamCut("The connection ended in the middle of the model's answer.")
        return self._answer if self._answer.get("output") else {**self._answer, "output": self._items}
