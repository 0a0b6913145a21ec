"""A model behind an API: one wire format, spoken through one official SDK."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from journal.errors import ConfigurationError
from journal.values import Message
from llm.errors import InvalidRequest, LlmError, MalformedAnswer, ModelNotFound
from llm.providers.endpoint import Endpoint
from llm.providers.http import Sdk, SdkHttp, drain, is_one_document, pieces
from llm.providers.schemas import from_tool, through_tool
from llm.providers.sse import server_sent_events
from llm.providers.wire import EncodedTools, WireFormat, check_options
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

Events = Callable[[AsyncIterator[bytes]], AsyncGenerator[bytes]]

_MOST_TOOL_SETS = 128


class Adapter:
    """See ``llm.provider.Provider``.

    The SDK's request path gives authentication and typed errors; the body is bytes of our own, so that a call costs work
    for what is new in the conversation and not for its whole history.
    """

    def __init__(
        self,
        settings: ModelSettings,
        endpoint: Endpoint,
        wire: WireFormat,
        sdk: Sdk,
        *,
        listing: str | None = "/models",
        path: str | None = None,
        events: Events = server_sent_events,
    ) -> None:
        """``listing`` is where the API lists its models, ``path`` where it takes requests if not where its format says.

        Raises ``ConfigurationError`` for options that are not the user's to set and for what the format cannot do.
        """
        check_options(settings.options, wire.reserved)
        self._structured = settings.structured or wire.structured[0]
        if self._structured not in wire.structured:
            raise ConfigurationError(
                f'The model {settings.model} cannot be held to a schema by `structured = "{self._structured}"`.',
                hint=f"Its API knows: {', '.join(wire.structured)}.",
            )
        self._settings = settings
        self._endpoint = endpoint
        self._wire = wire
        self._listing = listing
        self._path = path or wire.path
        self._events = events
        self._http = SdkHttp(endpoint, settings.timeout_seconds, sdk)
        self._tools: dict[tuple[str, ...], tuple[tuple[ToolOffer, ...], EncodedTools]] = {}

    def bound_input(self, request: Request) -> int:
        """The bytes of the encoded request, with an image as what it can count as at most."""
        asked = self._shaped(request)
        head, tail = self._wire.frame(asked, self._encoded_tools(asked.tools), stream=True)
        return len(head) + self._wire.messages_size(request.prompt) + len(tail) - request.prompt.image_excess

    async def complete(self, request: Request, on_delta: Callable[[str], None] | None = None) -> Completion:
        """Ask once. Where the server leaves out the usage, it is bounded from above: see ``openai_chat``."""
        if request.prompt.has_images and not self._settings.vision:
            raise InvalidRequest(
                f"The conversation holds an image, and {self._settings.model} sees none.",
                hint="Route to a model that does, or set its `vision = true`.",
            )
        asked = self._shaped(request)
        tools = self._encoded_tools(asked.tools)
        head, tail = self._wire.frame(asked, tools, stream=on_delta is not None)
        body = b"".join((head, self._wire.messages(request.prompt), tail))
        try:
            answer = await (self._ask(body) if on_delta is None else self._ask_streamed(body, on_delta))
            completion = self._wire.decode(answer, asked, tools.names, len(body) - request.prompt.image_excess)
        except LlmError as error:  # these quote the server, who may quote the key
            cleaned = type(error)(self._endpoint.clean(error.message), hint=error.hint, retry_after=error.retry_after)
            raise cleaned from error.__cause__
        return completion if asked is request else from_tool(completion, request.schema or {})

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

    def _shaped(self, request: Request) -> Request:
        if request.schema is None or self._structured != "tool":
            return request
        return through_tool(request)

    def _encoded_tools(self, offers: tuple[ToolOffer, ...]) -> EncodedTools:
        """Encoded once for each set of tools; an equal set is recognized even where its objects are new."""
        names = tuple(offer.name for offer in offers)
        known = self._tools.get(names)
        if known is not None and known[0] == offers:
            return known[1]
        encoded = EncodedTools.of(offers, self._wire.encode_offer)
        if len(self._tools) >= _MOST_TOOL_SETS:
            del self._tools[next(iter(self._tools))]
        self._tools[names] = (offers, encoded)
        return encoded

    async def _ask(self, body: bytes) -> Any:
        async with self._http.response("post", self._path, body) as response:
            return await self._http.json(response)

    async def _ask_streamed(self, body: bytes, on_delta: Callable[[str], None]) -> Any:
        assembly = self._wire.assembly(on_delta)
        async with self._http.response("post", self._path, body) as response, aclosing(pieces(response)) as stream:
            if is_one_document(response):
                answer = await self._http.json(response)
                on_delta(self._wire.text(answer))
                return answer
            async with aclosing(self._events(stream)) as events:
                async for event in events:
                    assembly.add(event)
                    if assembly.done:
                        break
            await drain(stream)
        return assembly.answer()

    async def _listed_models(self) -> set[str]:
        if self._listing is None:
            return set()
        try:
            async with self._http.response("get", self._listing) as response:
                listing = await self._http.json(response)
        except (InvalidRequest, ModelNotFound, MalformedAnswer):
            return set()
        models = listing.get("data") if isinstance(listing, dict) else None
        return {str(model.get("id")) for model in models or () if isinstance(model, dict)}
