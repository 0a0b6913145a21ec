"""One session with one server, from its handshake to its end."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tools.errors import ToolError
from tools.mcp.definitions import MAX_TOOLS, Definition, definition_of
from tools.mcp.errors import NOTHING_DONE, SESSION_LOST, Unreachable
from tools.threads import in_thread

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.client.session import IncomingMessage
    from mcp.types import CallToolResult

logger = logging.getLogger(__name__)

MAX_PAGES = 50


IDEMPOTENCY_KEY = "journeyman/idempotency-key"
"""The key in a call's ``_meta`` under which an effect's idempotency key stands: the same for every attempt."""


class Connection:
    """A session that was opened. Its transport lives in a task of its own, because who opens one must close it."""

    def __init__(self) -> None:
        self.stale = False
        """Whether the server said that its list of tools has changed since ``tools`` was last called."""
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, name: str, transport: AbstractAsyncContextManager["TransportStreams"], *, seconds: float
    ) -> "Connection":
        """Connect and shake hands within ``seconds``. Raises ``Unreachable``."""
        await in_thread(_load_sdk)
        connection = cls()
        connection._keeper = asyncio.create_task(connection._keep(name, transport), name=f"mcp-{name}")
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(connection._client)
        except TimeoutError:
            await connection.aclose()
            raise Unreachable(f"it gave no answer within {seconds:g} seconds") from None
        except BaseException:
            await connection.aclose()
            raise
        return connection

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    async def tools(self) -> list[Definition]:
        """What the server offers now. Raises ``Unreachable``."""
        from mcp import MCPError

        self.stale = False
        found: list[Definition] = []
        cursor: str | None = None
        try:
            for _ in range(MAX_PAGES):
                page = await self._client.result().list_tools(cursor=cursor)
                found += [definition_of(tool) for tool in page.tools]
                cursor = page.next_cursor
                if cursor is None or len(found) > MAX_TOOLS:
                    break
        except (MCPError, ValueError, RuntimeError) as error:
            raise Unreachable(f"it does not list its tools: {_sentence(error)}") from None
        return found

    async def call(self, tool: str, args: dict[str, Any], idempotency_key: str = "") -> "CallToolResult":
        """Call once; being cancelled tells the server so. The key goes along in the request's ``_meta``, where there is one.

        Raises ``Unreachable`` where the server never saw the call, ``ToolError`` where it refused it, and ``ConnectionError``
        where nobody knows what became of it.
        """
        from mcp import MCPError, types
        from pydantic import TypeAdapter

        params: dict[str, Any] = {"name": tool, "arguments": args}
        if idempotency_key:
            params["_meta"] = {IDEMPOTENCY_KEY: idempotency_key}
        request = types.CallToolRequest(params=types.CallToolRequestParams.model_validate(params))
        answers: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
            types.CallToolResult | types.InputRequiredResult
        )
        try:
            result = await self._client.result().session.send_request(request, answers)
        except MCPError as error:
            raise self._meaning(error) from None
        if isinstance(result, types.InputRequiredResult):
            raise ToolError("The server asks for more before it goes on, and that is not supported.")
        return result

    async def aclose(self) -> None:
        """Say goodbye, end a program that is left, and wait until all that is done."""
        self._ended.set()
        if self._keeper is not None:
            if not self._client.done():
                self._keeper.cancel()
            await asyncio.wait([self._keeper])

    def _meaning(self, error: Any) -> Exception:
        from mcp import types

        if error.code == SESSION_LOST:
            self._ended.set()
            return Unreachable(error.message)
        if error.code == NOTHING_DONE:
            return Unreachable(error.message)
        if error.code == types.HEADER_MISMATCH:
            self.stale = True
            return ToolError("The server's tool has changed; nothing was done.")
        if error.code in (types.INVALID_PARAMS, types.METHOD_NOT_FOUND):
            return ToolError(f"The server refuses the call: {error.message}")
        return ConnectionError(error.message)

    async def _keep(self, name: str, transport: AbstractAsyncContextManager["TransportStreams"]) -> None:
        from mcp import Client
        from mcp.types import Implementation

        try:
            async with Client(
                self._watched(transport),
                client_info=Implementation(name="journeyman", version=version("journeyman")),
                message_handler=self._heed,
                cache=None,
            ) as client:
                if not self._client.done():
                    self._client.set_result(client)
                await self._ended.wait()
        except Exception as error:
            if not self._client.done():
                self._client.set_exception(Unreachable(_sentence(error)))
            else:
                logger.warning("the connection broke: %s", _sentence(error), extra={"mcp_server": name})
        finally:
            self._ended.set()
            self._client.cancel()

    @asynccontextmanager
    async def _watched(self, transport: AbstractAsyncContextManager["TransportStreams"]) -> AsyncIterator["TransportStreams"]:
        """The same streams; the end of what the server says is the end of the connection."""
        async with transport as (reading, writing):
            yield _Watched(reading, self._ended), writing

    async def _heed(self, message: "IncomingMessage") -> None:
        if getattr(message, "method", None) == "notifications/tools/list_changed":
            self.stale = True


class _Watched:
    """A stream that sets an event when it ends."""

    def __init__(self, inner: "ReadStream[Any]", ended: asyncio.Event) -> None:
        self._inner = inner
        self._ended = ended

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        try:
            return await self._inner.receive()
        except Exception:
            self._ended.set()
            raise

    async def __anext__(self) -> Any:
        try:
            return await self._inner.__anext__()
        except BaseException:
            self._ended.set()
            raise

    def __aiter__(self) -> "_Watched":
        return self

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> "_Watched":
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._inner.__aexit__(*error)


def _load_sdk() -> None:
    """Load the SDK. What its loggers write tracebacks about is reported by us, once, in a sentence."""
    importlib.import_module("mcp")
    for name in ("mcp", "client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _sentence(error: BaseException) -> str:
    """The innermost reason, on one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = " ".join(str(error).split())[:500]
    if isinstance(error, Unreachable):
        return said
    return "it ended the connection" if said == "Connection closed" else said or type(error).__name__
