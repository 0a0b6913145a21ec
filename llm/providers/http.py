"""An official SDK's low-level request path over one pool of connections."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from llm.errors import MalformedAnswer, ModelNotFound
from llm.providers.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx2

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of a response that are read; no model's answer comes near."""

_MOST_CONNECTIONS = 4096
_KEEPALIVE_SECONDS = 4.0
"""Under the five seconds after which common servers close an idle connection: a request must not meet one just closing."""

_CONNECT_SECONDS = 10.0
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sdk:
    """One client class of one SDK.

    ``module`` is imported when the first call is made. ``connect`` makes the client; it is given the module, the endpoint,
    and what every client of both SDKs takes: ``timeout``, ``max_retries`` and ``http_client``. ``takes_objects``: the client
    makes an address out of the body, so it must have it as an object.
    """

    module: Literal["openai", "anthropic"]
    connect: Callable[[Any, Endpoint, dict[str, Any]], Any]
    takes_objects: bool = False


class SdkHttp:
    """Requests to one endpoint, in one event loop. Retries are the caller's: the SDK makes none here."""

    def __init__(self, endpoint: Endpoint, timeout_seconds: float, sdk: Sdk) -> None:
        self._endpoint = endpoint
        self._timeout = timeout_seconds
        self._sdk = sdk
        self._client: Any = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def response(self, method: Literal["get", "post"], path: str, body: bytes = b"") -> "AsyncIterator[httpx2.Response]":
        """A successful response whose body is not yet read. Here and while it is read, whatever the API or the network
        does raises an error of ``llm.errors``; from connecting to the last byte it may take ``timeout_seconds``."""
        client = await self.open()
        from llm.providers.sdk_errors import timed_out, translate, transport_errors

        try:
            async with asyncio.timeout(self._timeout):
                response = await self._send(client, method, path, body)
                try:
                    yield response
                finally:
                    await response.aclose()
        except transport_errors() as error:
            raise translate(error, self._endpoint) from error
        except TimeoutError:
            raise timed_out(self._endpoint) from None

    async def json(self, response: "httpx2.Response") -> Any:
        """The response's body as JSON. Raises ``MalformedAnswer``, or ``ModelNotFound`` for a web page."""
        body = b"".join([piece async for piece in pieces(response)])
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            kind = response.headers.get("content-type", "no content type")
            start = self._endpoint.clean(body[:200].decode("utf-8", "replace"))
            page = kind.startswith("text/html")  # nobody's model: it did no work, and will not do any
            raise (ModelNotFound if page else MalformedAnswer)(
                f"{self._endpoint.address} answered with what is not JSON ({kind}): {start!r}",
                hint="Check `base_url`; most addresses end in `/v1`.",
            ) from None

    async def aclose(self) -> None:
        """Close the connections; a later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def open(self) -> Any:
        """The SDK's client, made on first use and in a thread: importing the SDK takes a second, and others use the loop."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._make_client)
        return self._client

    def _make_client(self) -> Any:
        import httpx2

        import llm.providers.sdk_errors  # noqa: F401

        sdk = import_module(self._sdk.module)
        limits = httpx2.Limits(max_connections=_MOST_CONNECTIONS, keepalive_expiry=_KEEPALIVE_SECONDS)
        timeout = httpx2.Timeout(self._timeout, connect=min(_CONNECT_SECONDS, self._timeout))
        # A redirect means a wrong address; following it would send prompts and key to wherever it points.
        http_client = sdk.DefaultAioHttpClient(limits=limits, timeout=timeout, follow_redirects=False)
        common = {"timeout": timeout, "max_retries": 0, "http_client": http_client}
        return self._sdk.connect(sdk, self._endpoint, common)

    async def _send(self, client: Any, method: Literal["get", "post"], path: str, body: bytes) -> "httpx2.Response":
        import httpx2

        # With a bare response asked for, the SDK hands it over unread and makes no stream of its own, whatever its types say.
        asked: dict[str, Any] = {"cast_to": httpx2.Response, "stream": True, "stream_cls": object}
        if method == "get":
            answer = await client.get(path, **asked)
        elif self._sdk.takes_objects:
            answer = await self._send_object(client, path, json.loads(body), asked)
        else:
            headers = {"content-type": "application/json"}
            answer = await client.post(path, content=body, options={"headers": headers}, **asked)
        return cast("httpx2.Response", answer)

    async def _send_object(self, client: Any, path: str, body: dict[str, Any], asked: dict[str, Any]) -> Any:
        from llm.providers.sdk_errors import no_credentials

        try:
            return await client.post(path, body=body, **asked)
        except RuntimeError as error:  # what Anthropic's SDK raises where AWS has no credentials
            if "credentials" not in str(error):
                raise
            raise no_credentials(self._endpoint, str(error)) from error


async def pieces(response: "httpx2.Response") -> AsyncGenerator[bytes]:
    """The body as it arrives. Raises ``MalformedAnswer`` for one that is larger than any answer can be."""
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise MalformedAnswer(f"The answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB.")
        yield piece


async def drain(rest: AsyncIterator[bytes]) -> None:
    """Read what is left of a finished stream, for a moment: a connection read to its end is used again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in rest:
                pass


def is_one_document(response: "httpx2.Response") -> bool:
    """Whether the body is no stream of events: JSON from a server that cannot stream, or a page from one that is no API."""
    return response.headers.get("content-type", "").startswith(("application/json", "text/html"))
