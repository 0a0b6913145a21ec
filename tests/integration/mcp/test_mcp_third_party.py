"""Servers that others wrote. Two are installed with the tests; the rest come from a registry, where a run asks for them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools.errors import InvalidArguments, ToolError
from tools.mcp.servers import McpServers
from tools.mcp.settings import McpServerSettings
from tools.types import ToolContext

Connect = Callable[..., McpServers]

INSTALLED = Path(sys.executable).parent
FROM_REGISTRY = pytest.mark.skipif(
    not os.environ.get("JOURNEYMAN_TEST_REGISTRIES"),
    reason="set JOURNEYMAN_TEST_REGISTRIES=1 to install servers from PyPI and npm",
)


async def test_time_and_git_side_by_side(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    _ran(["git", "init", "-q", "-b", "trunk", str(tmp_path / "repo")])
    (tmp_path / "repo/new.txt").write_text("new")
    source = connect(
        time=McpServerSettings(command=str(INSTALLED / "mcp-server-time"), start_seconds=60),
        git=McpServerSettings(
            command=str(INSTALLED / "mcp-server-git"), args=("--repository", str(tmp_path / "repo")), start_seconds=60
        ),
    )
    await source.refresh()
    assert [absent.why for absent in source.absent()] == []
    tools = source.tools()
    at = {"source_timezone": "Europe/Berlin", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    converted = await tools["time.convert_time"].run(context, at)
    assert converted.data["target"]["timezone"] == "Asia/Tokyo"
    with pytest.raises(ToolError, match="Invalid timezone"):
        await tools["time.get_current_time"].run(context, {"timezone": "No/Where"})
    with pytest.raises(InvalidArguments):
        tools["time.convert_time"].check({"time": 12})
    status = await tools["git.git_status"].run(context, {"repo_path": str(tmp_path / "repo")})
    assert "trunk" in status.content
    assert "new.txt" in status.content
    with pytest.raises(ToolError):
        await tools["git.git_status"].run(context, {"repo_path": "/"})


@FROM_REGISTRY
async def test_sqlite_which_is_written_for_the_first_sdk(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    _ran([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    _installed([str(tmp_path / "venv/bin/pip"), "install", "-q", "mcp-server-sqlite", "mcp[cli]<2"])
    source = connect(
        db=McpServerSettings(
            command=str(tmp_path / "venv/bin/mcp-server-sqlite"), args=("--db-path", str(tmp_path / "a.db")), start_seconds=60
        )
    )
    await source.refresh()
    tools = source.tools()
    for tool, query in (("create_table", "CREATE TABLE t (n INTEGER)"), ("write_query", "INSERT INTO t VALUES (7)")):
        await tools[f"db.{tool}"].run(context, {"query": query})
    assert (await tools["db.read_query"].run(context, {"query": "SELECT n FROM t"})).content == "[{'n': 7}]"


@FROM_REGISTRY
async def test_filesystem_and_everything_which_run_on_node(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    packages = ("@modelcontextprotocol/server-filesystem", "@modelcontextprotocol/server-everything")
    _installed(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), *packages])
    programs = tmp_path / "node_modules/.bin"
    (tmp_path / "open").mkdir()
    (tmp_path / "open/a.txt").write_text("hello")
    source = connect(
        fs=McpServerSettings(
            command=str(programs / "mcp-server-filesystem"), args=(str(tmp_path / "open"),), start_seconds=60
        ),
        all=McpServerSettings(command=str(programs / "mcp-server-everything"), start_seconds=60),
    )
    await source.refresh()
    tools = source.tools()
    assert (await tools["fs.read_text_file"].run(context, {"path": str(tmp_path / "open/a.txt")})).content == "hello"
    with pytest.raises(ToolError, match="Access denied"):
        await tools["fs.read_text_file"].run(context, {"path": "/etc/hostname"})
    drawn = await tools["all.get-tiny-image"].run(replace(context, call_id="image"), {})
    assert "saved as mcp/all/image-1.png" in drawn.content
    assert (await tools["all.get-structured-content"].run(context, {"location": "Chicago"})).data["humidity"] == 82


def _ran(command: list[str]) -> None:
    subprocess.run(command, check=True)


def _installed(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the registry cannot be reached, or has not the package: {done.stderr[-300:]}")
