"""OpenAI and every server that speaks its Chat Completions format: vLLM, Ollama, llama.cpp, TGI, Hugging Face, ..."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

from journal.errors import ConfigurationError
from journal.values import Message
from llm.errors import InvalidRequest, MalformedAnswer, ModelNotFound, StreamCut
from llm.providers.endpoint import Endpoint
from llm.providers.openai_chat import FORMAT, EncodedTools, answer_text, decode_answer, encode_message, to_bytes
from llm.providers.openai_http import OpenAIHttp, drain, is_one_document, pieces
from llm.providers.openai_stream import Assembly, EventParser
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

_OPENAI = "openai"
_OPENAI_URL = "https://api.openai.com/v1"
_KEY_VARIABLE = "OPENAI_API_KEY"

_OURS = frozenset(
    {"model", "messages", "tools", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "response_format"}
)
"""Fields that options may not set: they belong to the request or to its budget."""

_TAIL = b"]}"
_MOST_TOOL_SETS = 128


class OpenAICompatible:
    """One model behind a Chat Completions API, through the official SDK.

    The SDK's request path gives authentication and typed errors; the body is bytes of our own, so that a call costs work
    for what is new in the conversation and not for its whole history.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Raises ``ConfigurationError`` for a missing address or key, and for options that are not the user's to set."""
        self._is_openai = is_openai = settings.provider == _OPENAI
        _check_options(settings.options)
        self._settings = settings
        self._endpoint = Endpoint.of(
            settings,
            default_url=_OPENAI_URL if is_openai else None,
            key_variable=_KEY_VARIABLE,
            key_needed=is_openai,
        )
        # OpenAI's newer models refuse `max_tokens`; most compatible servers know no other name, and would leave the
        # answer unbounded without saying so.
        self._limit_field = "max_completion_tokens" if is_openai else "max_tokens"
        self._http = OpenAIHttp(self._endpoint, settings.timeout_seconds, is_openai=is_openai)
        self._tools: dict[tuple[str, ...], tuple[tuple[ToolOffer, ...], EncodedTools]] = {}

    def bound_input(self, request: Request) -> int:
        """The bytes of the encoded request."""
        head = self._head(request, self._encoded_tools(request.tools), stream=True)
        return len(head) + request.prompt.encoded_size(FORMAT, encode_message) + len(_TAIL)

    async def complete(self, request: Request, on_delta: Callable[[str], None] | None = None) -> Completion:
        """Ask once. Where the server leaves out the usage, it is bounded from above: see ``openai_chat``."""
        tools = self._encoded_tools(request.tools)
        head = self._head(request, tools, stream=on_delta is not None)
        body = b"".join((head, request.prompt.encoded(FORMAT, encode_message), _TAIL))
        try:
            answer = await (self._ask(body) if on_delta is None else self._ask_streamed(body, on_delta))
            return decode_answer(answer, request, tools.names, len(body))
        except (MalformedAnswer, StreamCut) as error:  # these quote the server, who may quote the key
            raise type(error)(self._endpoint.clean(error.message), hint=error.hint) from error.__cause__

    async def open(self) -> None:
        await self._http.open()

    async def check(self) -> str:
        """Look for the model in the server's list; where it is not listed, ask it for a word."""
        address, model = self._endpoint.address, self._settings.model
        if model in await self._listed_models():
            return f"{address} answers and lists {model}."
        prompt = Prompt([Message(role="user", content="Answer with one word: ready.")])
        await self.complete(Request(prompt=prompt, max_output_tokens=16, role="default"))
        return f"{address} answers, and so does {model}."

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._http.aclose()

    def _head(self, request: Request, tools: EncodedTools, *, stream: bool) -> bytes:
        """The request's body up to its messages."""
        _check_options(request.options)
        fields: dict[str, Any] = {
            "model": self._settings.model,
            self._limit_field: min(request.max_output_tokens, self._settings.max_output_tokens),
            **self._settings.options,
            **request.options,
        }
        if request.temperature is not None:
            fields["temperature"] = request.temperature
        if request.schema is not None and (self._is_openai or not request.tools):  # many others then call no tool at all
            fields["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": request.schema}}
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        offered = b',"tools":' + tools.wire if tools.names else b""
        return to_bytes(fields)[:-1] + offered + b',"messages":['

    def _encoded_tools(self, offers: tuple[ToolOffer, ...]) -> EncodedTools:
        """Encoded once for each set of tools; an equal set is recognized even where its objects are new."""
        names = tuple(offer.name for offer in offers)
        known = self._tools.get(names)
        if known is not None and known[0] == offers:
            return known[1]
        encoded = EncodedTools.of(offers)
        if len(self._tools) >= _MOST_TOOL_SETS:
            del self._tools[next(iter(self._tools))]
        self._tools[names] = (offers, encoded)
        return encoded

    async def _ask(self, body: bytes) -> Any:
        async with self._http.response("post", "/chat/completions", body) as response:
            return await self._http.json(response)

    async def _ask_streamed(self, body: bytes, on_delta: Callable[[str], None]) -> Any:
        assembly, parser = Assembly(on_delta), EventParser()
        async with self._http.response("post", "/chat/completions", body) as response, aclosing(pieces(response)) as stream:
            if is_one_document(response):
                answer = await self._http.json(response)
                on_delta(answer_text(answer))
                return answer
            async for piece in stream:
                for event in parser.feed(piece):
                    assembly.add(event)
                if assembly.done:
                    await drain(stream)
                    break
        for event in parser.close():
            assembly.add(event)
        return assembly.answer()

    async def _listed_models(self) -> set[str]:
        try:
            async with self._http.response("get", "/models") as response:
                listing = await self._http.json(response)
        except (InvalidRequest, ModelNotFound, MalformedAnswer):
            return set()
        models = listing.get("data") if isinstance(listing, dict) else None
        return {str(model.get("id")) for model in models or () if isinstance(model, dict)}


def _check_options(options: Mapping[str, object]) -> None:
    wrong = sorted(_OURS & options.keys())
    if wrong:
        raise ConfigurationError(
            f"A model's options may not set {', '.join(wrong)}.", hint="Use the model's own settings, as `max_output_tokens`."
        )
