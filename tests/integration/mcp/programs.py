"""Starting the test server, over stdio by the client itself and over HTTP by the test."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tools.mcp.settings import McpServerSettings

PROGRAM = Path(__file__).with_name("server_program.py")


def stdio_settings(folder: Path, **more: Any) -> dict[str, Any]:
    """The settings of a test server whose folder is ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return {"command": sys.executable, "args": [str(PROGRAM), str(folder)], "start_seconds": 60, **more}


def settings(folder: Path, **more: Any) -> McpServerSettings:
    return McpServerSettings.model_validate(stdio_settings(folder, **more))


def witnessed(folder: Path) -> list[str]:
    file = folder / "witness"
    return file.read_text().splitlines() if file.exists() else []


@asynccontextmanager
async def http_server(folder: Path, *, port: int = 0) -> AsyncIterator[str]:
    """The URL of a test server that listens on loopback while the block runs."""
    port_file = _prepare(folder, port)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(folder), "http", str(port_file), env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        while not (listening := _listening(port_file)):
            assert process.returncode is None, "the test server did not start"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening}/mcp"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _prepare(folder: Path, port: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "port").write_text(str(port))
    port_file = folder / "listening"
    port_file.unlink(missing_ok=True)
    return port_file


def _listening(port_file: Path) -> str:
    return port_file.read_text() if port_file.exists() else ""
