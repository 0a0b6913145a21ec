"""Configured servers, and what a call is handed."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from journeyman.memory_over_http import MemoryOverHttp
from journeyman.settings import Settings
from tools.http_fetch import GuardedFetch
from tools.mcp.pins import Pins
from tools.mcp.servers import PINS_FILE, McpServers
from tools.mcp.settings import McpServerSettings
from tools.settings import HttpSettings
from tools.types import ToolContext


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Callable[..., McpServers]]:
    """``connect(name=settings, ...)`` makes a source whose pins are those of one home."""
    async with AsyncExitStack() as stack:

        def build(**servers: McpServerSettings) -> McpServers:
            source = McpServers(servers, Pins(tmp_path / PINS_FILE))
            stack.push_async_callback(source.aclose)
            return source

        yield build


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    return ToolContext(
        task_id="task_1",
        tenant="acme",
        call_id="call_1",
        idempotency_key="key_1",
        workspace=tmp_path / "workspace",
        memory=MemoryOverHttp(Settings(home=tmp_path)),
        http=GuardedFetch(HttpSettings()),
    )
