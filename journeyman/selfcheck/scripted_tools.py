"""The tools of a case. The file is copied into the case's tools folder beside ``case.json``, which says whom to tell."""

import json
import time
import urllib.request
from pathlib import Path

from journeyman import tool
from tools.types import ToolContext

_CASE = json.loads(Path(__file__).with_name("case.json").read_text())


def _witness(method: str, name: str, subject: str, key: str = "") -> int:
    """Tell the witness (``POST``) or ask it (``GET``): how often this was done so far."""
    url = f"{_CASE['witness']}/{_CASE['case']}/{name}/{subject}"
    request = urllib.request.Request(url, method=method, headers={"Idempotency-Key": key})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return int(json.load(answer))


@tool(read_only=True)
def look(item: str) -> str:
    """Look one item up."""
    return f"found {item}"


@tool(read_only=True)
def slow_look(item: str) -> str:
    """Look one item up, for longer than a heartbeat takes."""
    time.sleep(1.3)
    return f"found {item}"


@tool(read_only=True)
def page(number: int) -> str:
    """Read a long page."""
    return f"page {number} " + "x" * 1500


@tool(read_only=True)
def rows(count: int) -> dict[str, list[dict[str, str]]]:
    """So many rows."""
    return {"rows": [{"id": f"r{number}"} for number in range(count)]}


def send(subject: str, context: ToolContext) -> str:
    """Send a message. Changes the world."""
    _witness("POST", "send", subject, context.idempotency_key)
    return "sent"


def send_badly(subject: str, context: ToolContext) -> str:
    """Send a message over a line that breaks behind it."""
    _witness("POST", "send_badly", subject, context.idempotency_key)
    raise ConnectionError("the line broke")


def send_nowhere(subject: str) -> str:
    """Send a message over a line that breaks before it."""
    raise ConnectionError("the line broke")


@tool(idempotent=True)
def put(subject: str, context: ToolContext) -> str:
    """Put something, as often as one likes."""
    _witness("POST", "put", subject, context.idempotency_key)
    return "put"


@tool(idempotent=True)
def lie(subject: str, context: ToolContext) -> str:
    """Send a message, and say that sending it twice does no harm."""
    _witness("POST", "lie", subject, context.idempotency_key)
    return "sent"


def _booked(subject: str) -> str | None:
    return "booked" if _witness("GET", "book", subject) else None


@tool(reconcile=_booked, timeout_seconds=1)
def book(subject: str, context: ToolContext) -> str:
    """Book a room; one can ask whether it is booked."""
    _witness("POST", "book", subject, context.idempotency_key)
    return "booked"


@tool(workspace_only=True)
def jot(subject: str, context: ToolContext) -> str:
    """Note something; nobody need be asked."""
    _witness("POST", "jot", subject, context.idempotency_key)
    return f"jotted {subject}"
