"""Calling one tool outside any task."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journal.errors import InvalidInput, JourneymanError
from journal.ids import new_id
from journeyman.home import prepare
from journeyman.memory_over_http import MemoryOverHttp
from journeyman.settings import Settings
from tools.errors import InvalidArguments, NeedsInput, StopTask, ToolError
from tools.types import Tool, ToolContext, ToolOutput

if TYPE_CHECKING:
    from tools.registry import Registry


class CallFailed(JourneymanError):
    """The tool did not do its work, or it is not known whether it did."""


def arguments(tool: Tool, pairs: Sequence[str], whole: str | None) -> dict[str, Any]:
    """The arguments a person typed; a value is JSON unless the tool wants text there. Raises ``InvalidInput``."""
    if whole is not None and pairs:
        raise InvalidInput("--arg and --json-args exclude each other.", hint="Put all arguments into --json-args.")
    if whole is not None:
        return _json_object(whole)
    return dict(_pair(tool, pair) for pair in pairs)


def _json_object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--json-args is not JSON: {error}.", hint="""Write it like '{"path": "a.txt"}'.""") from None
    if not isinstance(given, dict):
        raise InvalidInput("--json-args must be an object.", hint="""Write it like '{"path": "a.txt"}'.""")
    return given


def _pair(tool: Tool, pair: str) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise InvalidInput(f"--arg {pair!r} is not NAME=VALUE.", hint="Write it like --arg path=a.txt.")
    schema = tool.parameters.get("properties", {}).get(name, {})
    if schema.get("type") == "string":
        return name, text
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


@asynccontextmanager
async def registry_of(settings: Settings) -> AsyncIterator["Registry"]:
    """The registry for the block, with what it takes to reach MCP servers from this process."""
    from tools.mcp.servers import mcp_servers
    from tools.registry import build_registry

    registry = build_registry(settings.tools, mcp_servers(settings.mcp_servers, prepare(settings.home)))
    try:
        yield registry
    finally:
        await registry.aclose()


async def call_by_hand(settings: Settings, tool: Tool, args: dict[str, Any], workspace: Path | None) -> ToolOutput:
    """Call ``tool`` once. Raises ``InvalidInput`` for arguments that do not fit, ``CallFailed`` for what goes wrong."""
    async with _context(settings, tool, workspace) as context:
        try:
            async with asyncio.timeout(tool.timeout_seconds):
                return await tool.run(context, args)
        except InvalidArguments as error:
            raise InvalidInput(str(error), hint=f"`journeyman tools show {tool.name}` shows its arguments.") from None
        except ToolError as error:
            raise CallFailed(str(error)) from None
        except NeedsInput as error:
            raise CallFailed(
                f"{tool.name} asks a person: {error.question}", hint="Only a task can wait for an answer."
            ) from None
        except (StopTask, JourneymanError):
            raise
        except TimeoutError:
            raise CallFailed(f"{tool.name} gave no answer within {tool.timeout_seconds:g} seconds.") from None
        except Exception as error:
            raise CallFailed(
                f"{tool.name} failed: {type(error).__name__}: {error}.", hint="This is a fault of the tool."
            ) from error


@asynccontextmanager
async def _context(settings: Settings, tool: Tool, workspace: Path | None) -> AsyncIterator[ToolContext]:
    from tools.http_fetch import GuardedFetch

    call_id = new_id("call")
    http = GuardedFetch(settings.tools.http)
    memory = MemoryOverHttp(settings)
    try:
        with tempfile.TemporaryDirectory(prefix="journeyman-") as scratch:
            yield ToolContext(
                task_id="by-hand",
                tenant="default",
                call_id=call_id,
                idempotency_key=call_id,
                workspace=(workspace or Path(scratch)).expanduser().absolute(),
                memory=memory,
                http=http,
                secrets=await _secrets(settings, tool) if tool.secrets else {},
            )
    finally:
        await memory.close()


async def _secrets(settings: Settings, tool: Tool) -> dict[str, str]:
    from agents.sealing import Seal
    from agents.vault import Vault
    from journal.credentials import CredentialStore
    from journal.database import Database
    from trust.redaction import Redactor

    database = await Database.open(settings.journal_url)
    try:
        vault = Vault(CredentialStore(database), Seal.of(database, settings.home), Redactor())
        return await vault.secrets_of(tool, "default", "command line")
    finally:
        await database.close()
