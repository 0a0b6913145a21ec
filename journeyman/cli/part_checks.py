"""One check for each part of an installation. They read only; what they raise ``examination`` reports."""

import asyncio
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.cli.finding import Finding

if TYPE_CHECKING:
    from journal.upgrading import SchemaStatus
    from journeyman.settings import Settings
    from llm.router import Model
    from llm.settings import EmbedderSettings
    from tools.mcp.server import Server

LOW_BYTES = 1_000_000_000
FULL_BYTES = 50_000_000
MODEL_SECONDS = 8.0
SERVE_SECONDS = 5.0

_WRITABLE = """
SELECT NOT pg_is_in_recovery()
   AND current_setting('transaction_read_only') = 'off'
   AND has_table_privilege('events', 'INSERT')
"""


def home(settings: "Settings") -> Iterator[Finding]:
    """The home folder: there, ours alone, writable, with room."""
    folder = settings.home
    if not folder.exists():
        yield from _home_to_be(folder)
        return
    if not folder.is_dir():
        yield Finding("home", "problem", f"{folder} is not a folder.", "Move it away, or set JOURNEYMAN_HOME to a folder.")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("home", "problem", f"{folder} cannot be written.", f"Give yourself access: chmod u+rwx {folder}")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield Finding("home", "warning", f"{folder} is open to others (mode {mode:o}).", f"Close it: chmod 700 {folder}")
    yield _room(folder)


def _home_to_be(folder: Path) -> Iterator[Finding]:
    above = next(parent for parent in folder.parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        yield Finding("home", "ok", f"embedded; {folder} is not there yet: the first command that needs it makes it.")
    else:
        mend = "Set JOURNEYMAN_HOME to a folder of your own."
        yield Finding("home", "problem", f"{folder} is not there, and cannot be made in {above}.", mend)


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free / 1e9:,.1f} GB free"
    if free < FULL_BYTES:
        return Finding("home", "problem", found, "The disk is full: make room.")
    return (
        Finding("home", "warning", found, "Make room before it is full.") if free < LOW_BYTES else Finding("home", "ok", found)
    )


def database(settings: "Settings") -> Iterator[Finding]:
    """The journal's database: reachable, its schema up to date, and writable."""
    from journal import upgrading

    url = settings.journal_url
    found = upgrading.status(url)
    if url.startswith("sqlite"):
        yield _sqlite(Path(url.partition(":///")[2]).expanduser(), found)
    elif found.pending:
        yield Finding("database", "problem", f"{url} lacks {len(found.pending)} migrations.", "Run `journeyman db upgrade`.")
    elif asyncio.run(_is_writable(url)):
        yield Finding("database", "ok", f"{url} at {found.current}")
    else:
        yield Finding("database", "problem", f"{url} refuses writing.", "Use the primary, and a role that may insert.")


def _sqlite(file: Path, found: "SchemaStatus") -> Finding:
    if not file.exists():
        return Finding("database", "ok", f"{file} is not there yet; the first command that needs it makes it.")
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        return Finding("database", "problem", f"{file} cannot be written.", f"Give yourself access: chmod u+w {file}")
    if found.pending:
        missing = f"{len(found.pending)} migrations are still to run"
        return Finding(
            "database", "warning", f"{file}: {missing}.", "Run `journeyman db upgrade`; `run` and `serve` do it too."
        )
    return Finding("database", "ok", f"{file} at {found.current}")


async def _is_writable(url: str) -> bool:
    from journal.database import Database

    opened = await Database.open(url)
    try:
        return bool(await opened.read(lambda connection: connection.exec_driver_sql(_WRITABLE).scalar()))
    finally:
        await opened.close()


def serve(settings: "Settings") -> Iterator[Finding]:
    """Whether a ``serve`` runs on this home, and answers."""
    import httpx

    from journeyman.home import serving

    running = serving(settings.home)
    if running is None:
        left = (settings.home / "serve.json").exists()
        yield (
            Finding("serve", "warning", "Not running; its last run left serve.json behind.", "Nothing to do: it is ignored.")
            if left
            else Finding("serve", "ok", "Not running; commands do their work themselves.")
        )
        return
    who = f"process {running.pid} at {running.address}"
    try:
        answer = httpx.get(f"{running.address}/readyz", timeout=SERVE_SECONDS)
    except httpx.TransportError as error:
        mend = f"Stop it (kill {running.pid}) and start `journeyman serve` again."
        yield Finding("serve", "problem", f"{who} does not answer: {error or type(error).__name__}.", mend)
        return
    if answer.is_success:
        yield Finding("serve", "ok", f"Running: {who}")
    else:
        yield Finding("serve", "problem", f"{who} is not ready ({answer.status_code}).", "See what the database says above.")


def models(settings: "Settings") -> Iterator[Finding]:
    """Each model: its key is there, and it answers."""
    yield from asyncio.run(_models(settings))


async def _models(settings: "Settings") -> list[Finding]:
    from llm.router import Models

    known = Models(settings.models, settings.routes)
    try:
        return list(await asyncio.gather(*(_model(model) for model in known.all())))
    finally:
        await known.aclose()


async def _model(model: "Model") -> Finding:
    from journeyman.cli.models import check_model

    variable = model.settings.api_key_env
    if variable and not os.environ.get(variable):
        return Finding(
            "models", "problem", f"{model.name}: the variable {variable} is not set.", f"Set {variable} to the key."
        )
    result = await check_model(model, MODEL_SECONDS)
    if not result["ok"]:
        return Finding("models", "problem", f"{model.name}: {result['detail']}", result["hint"])
    return Finding("models", "ok", f"{model.name}: {result['detail']} ({result['seconds']:.2f} s)")


def tools(settings: "Settings") -> Iterator[Finding]:
    """The folders of tools load."""
    from tools.registry import build_registry

    count = len(build_registry(settings.tools).all())
    folders = ", ".join(str(folder) for folder in settings.tools.folders)
    yield Finding("tools", "ok", f"{count} tools" + (f", with those in {folders}" if folders else ""))


def mcp(settings: "Settings") -> Iterator[Finding]:
    """Each MCP server answers, and its tools are what they were when they were approved. Nothing is pinned by looking."""
    if not settings.mcp_servers:
        yield Finding("mcp servers", "ok", "None are configured.")
    else:
        yield from asyncio.run(_mcp(settings))


async def _mcp(settings: "Settings") -> list[Finding]:
    from tools.mcp.servers import mcp_servers

    source = mcp_servers(settings.mcp_servers, settings.home, learns=False)
    assert source is not None
    try:
        await source.refresh()
        return [finding for server in source.servers.values() for finding in _mcp_server(server)]
    finally:
        await source.aclose()


def _mcp_server(server: "Server") -> Iterator[Finding]:
    if server.problem is not None:
        yield Finding("mcp servers", "problem", f"{server.name}: {server.problem}.", f"See [mcp_servers.{server.name}].")
        return
    yield Finding("mcp servers", "ok", f"{server.name}: {len(server.tools)} tools")
    for absent in server.absent:
        yield Finding("mcp servers", "problem" if absent.hint else "warning", f"{absent.name}: {absent.why}.", absent.hint)


def broker(settings: "Settings") -> Iterator[Finding]:
    """The queue between the API and workers."""
    from workers.app import check_broker, in_process, shown

    url = settings.broker_url.get_secret_value()
    problem = None if in_process(url) else check_broker(url)
    if problem is None:
        yield Finding("broker", "ok", f"{url}: inside `serve`" if in_process(url) else shown(url))
    else:
        mend = "Start it, or set broker_url to where it is; meanwhile workers find tasks in the journal, about a second late."
        yield Finding("broker", "problem", f"{problem}.", mend)


def memory(settings: "Settings") -> Iterator[Finding]:
    """The memory store opens, or who has it open."""
    from journeyman.home import serving

    if settings.memory_server is not None:
        yield asyncio.run(_memory_server(settings, settings.memory_server))
        return
    folder = settings.home / "memory"
    running = serving(settings.home)
    if running is not None:
        yield Finding("memory", "ok", f"embedded, {folder}, in use by `serve` (process {running.pid})")
    elif not folder.exists():
        yield Finding("memory", "ok", f"embedded; {folder} is not there yet: the first document makes it.")
    else:
        yield asyncio.run(_memory(settings, folder))


async def _memory_server(settings: "Settings", url: str) -> Finding:
    from journal.errors import JourneymanError
    from memory.qdrant import open_memory
    from memory.server_points import shown

    try:
        store = await open_memory(settings.home, settings.memory, None, url)
    except JourneymanError as error:
        return Finding("memory", "problem", error.message, error.hint)
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            await store.items("default", limit=1)
    except TimeoutError:
        return Finding("memory", "problem", f"{shown(url)} did not answer within {MODEL_SECONDS:g} s.", "Check qdrant_url.")
    except JourneymanError as error:
        return Finding("memory", "problem", error.message, error.hint)
    finally:
        await store.close()
    return Finding("memory", "ok", f"Qdrant server at {shown(url)}, collection {settings.memory.collection}")


async def _memory(settings: "Settings", folder: Path) -> Finding:
    from memory.errors import MemoryBusy
    from memory.qdrant import open_memory

    store = await open_memory(settings.home, settings.memory, None)
    try:
        await store.items("default", limit=1)
    except MemoryBusy as error:
        return Finding("memory", "warning", error.message, error.hint)
    finally:
        await store.close()
    return Finding("memory", "ok", f"embedded, {folder} opens")


def embedder(settings: "Settings") -> Iterator[Finding]:
    """The embedder answers; a model that is not on disk yet is not downloaded for this."""
    chosen = settings.embedder
    if chosen is None:
        yield Finding("embedder", "ok", "None: recall uses BM25 alone.")
    elif chosen.provider in ("fastembed", "sentence_transformers") and chosen.folder is None:
        found = f"{chosen.model} is downloaded when it is first used, unless it is there already."
        yield Finding("embedder", "warning", found, "Set `folder` of [embedder] to a model on disk to work without a network.")
    else:
        yield asyncio.run(_embedder(chosen))


async def _embedder(chosen: "EmbedderSettings") -> Finding:
    from llm.embedders.embedder import make_embedder

    embedder = make_embedder(chosen)
    assert embedder is not None
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            [vector] = await embedder.embed(["test"], "query")
    except TimeoutError:
        found = f"{chosen.model} did not answer within {MODEL_SECONDS:g} s."
        return Finding("embedder", "problem", found, "Check base_url of [embedder], and that the server there is up.")
    finally:
        await embedder.aclose()
    return Finding("embedder", "ok", f"{chosen.model}: {len(vector)} dimensions")
