"""One server as the registry sees it: connected to when it is needed, restarted when it dies, its tools known and pinned."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from journal.errors import ConfigurationError
from journal.values import ToolHints
from tools.errors import Refused, ToolError
from tools.mcp.arguments import ArgumentCheck
from tools.mcp.connection import Connection
from tools.mcp.definitions import Definition, sift
from tools.mcp.errors import Unreachable
from tools.mcp.pins import Pin
from tools.mcp.results import to_output
from tools.threads import in_thread
from tools.types import Absent, Served, Tool, ToolContext, ToolOutput
from trust.labels import Trust, Visibility

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

logger = logging.getLogger(__name__)

LIST_SECONDS = 60.0
"""So old may the list of a server's tools be when a task starts."""

STEADY_SECONDS = 30.0
"""A connection that lived so long did not fail: the next one is opened at once."""

FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
WAIT_SECONDS = 5.0
"""A call waits at most so long for a server that may be connected to again soon."""

OpenTransport = Callable[[], AbstractAsyncContextManager["TransportStreams"]]


class Judge(Protocol):
    """Pins definitions and tells what is pinned; see ``Pins.judge``."""

    def __call__(self, server: str, definitions: list[Definition], /) -> Mapping[str, Pin]: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a server is connected to, and what its results are worth."""

    place: str
    transport: OpenTransport
    trust: Trust
    visibility: Visibility
    start_seconds: float
    timeout_seconds: float


class Server:
    """Safe for many calls at once. ``tools`` and ``absent`` are what ``refresh`` found last."""

    def __init__(
        self, name: str, terms: Terms, judge: Judge | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.place = terms.place
        self.tools: dict[str, Tool] = {}
        self.absent: tuple[Absent, ...] = (Absent(f"{name}.*", f"the MCP server {name} was not asked yet"),)
        self.problem: str | None = None
        """Why it cannot be used now, as the end of a sentence."""
        self.asked = False
        """Whether it was connected to, or tried to, at least once."""
        self._terms = terms
        self._judge = judge
        self._clock = clock
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._opened_at = 0.0
        self._listed_at = 0.0
        self._definitions: list[Definition] = []
        self._left_out: dict[str, str] = {}
        self._failures = 0
        self._not_before = 0.0

    async def refresh(self) -> None:
        """Connect if need be, look at its list of tools if that is old, and judge it by the pins as they are now."""
        try:
            if self._clock() >= self._not_before or self._is_alive:
                connection = await self._connected()
                if connection.stale or self._clock() - self._listed_at > LIST_SECONDS:
                    await self._list(connection)
            await self._take_stock()
        except Unreachable as error:
            self._report(str(error))
        except ConfigurationError as error:
            self._report(error.message, error.hint)

    async def call(self, tool: str, pinned: str, args: dict[str, Any], context: ToolContext) -> ToolOutput:
        """Call a tool that is still what it was when it was offered. Raises ``ToolError``, or ``ConnectionError`` in doubt."""
        for last in (False, True):
            await self._wait_for_turn()
            try:
                connection = await self._connected()
                self._check_unchanged(tool, pinned)
                return await to_output(await connection.call(tool, args, context.idempotency_key), context, self.name)
            except Unreachable as error:
                if last or self._is_alive:
                    raise ToolError(f"The MCP server {self.name} cannot be reached: {error}. Nothing was done.") from None
            except ConfigurationError as error:
                raise ToolError(f"The MCP server {self.name} cannot be used: {error.message} Nothing was done.") from None
        raise AssertionError("the loop returns or raises")

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()

    @property
    def _is_alive(self) -> bool:
        return self._connection is not None and self._connection.alive

    async def _connected(self) -> Connection:
        """The live connection, or a new one whose tools are listed and judged. Raises ``Unreachable``."""
        async with self._lock:
            if self._connection is not None and self._connection.alive:
                return self._connection
            await self._bury()
            if (left := self._not_before - self._clock()) > 0:
                raise Unreachable(f"{self.problem or 'it ended'}; it is tried again in {left:.0f} seconds")
            self.asked = True
            try:
                connection = await Connection.open(self.name, self._terms.transport(), seconds=self._terms.start_seconds)
                self._connection, self._opened_at = connection, self._clock()
                await self._list(connection)
                await self._take_stock()
            except Unreachable as error:
                self._failed(str(error))
                raise
            return connection

    async def _bury(self) -> None:
        """Let go of a dead connection; one that lived shortly counts as a failure, which delays the next."""
        if self._connection is None:
            return
        dead, self._connection = self._connection, None
        if self._clock() - self._opened_at < STEADY_SECONDS:
            self._failed("it ended soon after it was started")
        else:
            self._failures = 0
        await dead.aclose()

    def _failed(self, why: str) -> None:
        self._failures += 1
        self._not_before = self._clock() + min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self._failures - 1))
        self._report(why)

    async def _wait_for_turn(self) -> None:
        """Wait a little for a server that may be tried again soon; for a longer time ``_connected`` refuses at once."""
        if not self._is_alive:
            async with self._lock:
                if not self._is_alive:
                    await self._bury()
        left = self._not_before - self._clock()
        if not self._is_alive and 0 < left <= WAIT_SECONDS:
            await asyncio.sleep(left)

    async def _list(self, connection: Connection) -> None:
        async with asyncio.timeout(self._terms.start_seconds) as limit:
            try:
                self._definitions, self._left_out = sift(await connection.tools())
            except asyncio.CancelledError:
                if limit.expired():
                    raise Unreachable(f"it did not list its tools within {self._terms.start_seconds:g} seconds") from None
                raise
        self._listed_at = self._clock()

    async def _take_stock(self) -> None:
        """Make tools of the definitions that are as pinned. Raises ``ConfigurationError`` where pins cannot be read."""
        if not self._is_alive:
            return
        pins = {} if self._judge is None else await in_thread(self._judge, self.name, self._definitions)
        tools, absent = {}, {name: Absent(f"{self.name}.{name}", why) for name, why in self._left_out.items()}
        for definition in self._definitions:
            pin = pins.get(definition.name)
            if pin is not None and pin.pending is not None:
                absent[definition.name] = _changed(self.name, definition.name)
            else:
                tool = self._tool(definition, pin)
                tools[tool.name] = tool
        for new in [a for a in absent.values() if a not in self.absent]:
            logger.warning("%s is not used: %s. %s", new.name, new.why, new.hint)
        self.tools, self.absent, self.problem, self._failures = tools, tuple(absent.values()), None, self._failures

    def _tool(self, definition: Definition, pin: Pin | None) -> Tool:
        trusted = self._terms.trust is Trust.TRUSTED
        pinned = definition.digest

        async def run(context: ToolContext, args: dict[str, Any]) -> ToolOutput:
            check(args)
            return await self.call(definition.name, pinned, args, context)

        check = ArgumentCheck(definition.parameters)
        return Tool(
            name=f"{self.name}.{definition.name}",
            description=definition.description,
            parameters=definition.parameters,
            run=run,
            check=check,
            hints=definition.hints if trusted else ToolHints(),
            origin=f"mcp:{self.name}",
            trust=self._terms.trust,
            visibility=self._terms.visibility,
            timeout_seconds=self._terms.timeout_seconds,
            version=pinned,
            served=Served(self.name, trusted, definition.hints, None if pin is None else pin.at),
        )

    def _check_unchanged(self, tool: str, pinned: str) -> None:
        now = self.tools.get(f"{self.name}.{tool}")
        if now is None or now.version != pinned:
            raise Refused(f"{self.name}.{tool} is not what it was when it was offered; nothing was done. Do not repeat this.")

    def _report(self, why: str, hint: str = "") -> None:
        if why != self.problem:
            logger.warning("the MCP server %s cannot be used: %s", self.name, why)
        self.problem = why
        if not self.tools:
            hint = hint or f"See [mcp_servers.{self.name}] and the log; it is tried again by itself."
            self.absent = (Absent(f"{self.name}.*", f"the MCP server {self.name} cannot be used: {why}", hint),)


def _changed(server: str, tool: str) -> Absent:
    name = f"{server}.{tool}"
    return Absent(
        name,
        "its server describes it otherwise than when it was approved",
        f"`journeyman tools approve {name}` shows the difference and asks.",
    )
