"""One plan over three servers that others wrote and a tool of one's own: what one returns flows to the next by reference."""

import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agents.requests import Decision
from journal.values import Status, WaitingReason
from journeyman.testing import Rule, When
from tests.integration.agents.conftest import World, world
from tests.integration.agents.test_plans import plans, values

__all__ = ["world"]

Build = Callable[..., Awaitable[World]]
INSTALLED = Path(sys.executable).parent
PAGE = b"<html><body><article><p>The pilots meet at 12:00, Berlin time, on the north quay.</p></article></body></html>"
OWN_TOOL = '''
from journeyman import tool


@tool(read_only=True)
def notice(zone: str, difference: str, log: str, page: str) -> str:
    """Put a notice together."""
    return f"{zone} {difference} | {'Add the chart' in log} | {'north quay' in page}"
'''


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"" if self.path == "/robots.txt" else PAGE)

    def log_message(self, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def page() -> Iterator[str]:
    """The URL of a page on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/notice"
        server.shutdown()


def repository(folder: Path) -> Path:
    """A repository with one commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(folder)], check=True)
    (folder / "chart.txt").write_text("north quay 4.2 m")
    subprocess.run([*git, "add", "chart.txt"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Add the chart"], check=True)
    return folder


def servers(repo: Path) -> dict[str, Any]:
    return {
        "time": {"command": str(INSTALLED / "mcp-server-time"), "start_seconds": 60},
        "git": {"command": str(INSTALLED / "mcp-server-git"), "args": ["--repository", str(repo)], "start_seconds": 60},
        "fetch": {"command": str(INSTALLED / "mcp-server-fetch"), "args": ["--allow-private-ips"], "start_seconds": 60},
    }


@pytest.mark.skipif(
    not (INSTALLED / "mcp-server-fetch").exists() and os.environ.get("CI") != "true",
    reason="mcp-server-fetch is not installed: `make install` brings it once the lock has it",
)
async def test_one_plan_over_three_servers_and_a_tool_of_ones_own(world: Build, tmp_path: Path, page: str) -> None:
    repo = repository(tmp_path / "repo")
    clock = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
    converted = {"source_timezone": "Europe/Berlin", "time": "$s2.at", "target_timezone": "Asia/Tokyo"}
    own = {
        "zone": "$s3.target.timezone",
        "difference": "{$s3.time_difference} {$s3.source.datetime}",
        "log": "{$s4}",
        "page": "{$s1}",
    }
    plan = plans(
        {"id": "s1", "tool": "fetch.fetch", "args": {"url": page}},
        {"id": "s2", "extract": {"from": "$s1", "ask": "when the pilots meet", "schema": clock}},
        {"id": "s3", "tool": "time.convert_time", "args": converted},
        {"id": "s4", "tool": "git.git_log", "args": {"repo_path": str(repo)}},
        {"id": "s5", "tool": "notice", "args": own},
        text="{$s5}",
    )
    rules = (Rule(when=When(text="(?s)Find: when the pilots meet.*12:00, Berlin"), reply=values(at="12:00")), Rule(reply=plan))
    (tmp_path / "tools.d").mkdir()
    (tmp_path / "tools.d/notice.py").write_text(OWN_TOOL)
    w = await world(*rules, settings={"mcp_servers": servers(repo)})
    record = await w.run("When do the pilots meet, seen from Tokyo?", planner="plan")
    asked: list[str] = []
    while record.waiting is not None:
        assert record.waiting.reason is WaitingReason.APPROVAL
        for approval in await w.runtime.approvals("default"):
            asked += [call.tool for call in approval.calls]
            await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
        record = await w.drive(record.id)
    assert record.status is Status.COMPLETED, record.error
    assert record.answer is not None
    assert record.answer.startswith(("Asia/Tokyo +7.0h ", "Asia/Tokyo +8.0h "))
    assert "T12:00:00" in record.answer
    assert record.answer.endswith("| True | True")
    assert {"fetch.fetch", "time.convert_time", "git.git_log"} <= set(asked)  # nobody vouches for these servers
    assert "notice" not in asked
    assert len(await w.events(record.id, "plan.created")) == 1
    done = {event.tool: event.result.label for event in await w.events(record.id, "tool.completed")}
    assert {"tool:fetch.fetch", "tool:time.convert_time"} <= set(done["time.convert_time"].sources)
    assert "tool:fetch.fetch" not in done["git.git_log"].sources
    assert record.label is not None
    assert record.label.trust == "untrusted"
