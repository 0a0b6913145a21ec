"""One MCP server of the measured world, as a program of its own: ``python server.py SUITE FOLDER``.

``FOLDER/state.json`` is what it shows, read anew for every call; each call is written to ``FOLDER/witness`` as a line of JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer

SUITE, FOLDER = sys.argv[1], Path(sys.argv[2])
server = MCPServer(SUITE)


def state() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "state.json").read_text())
    return loaded


def witness(tool: str, **args: Any) -> None:
    with open(FOLDER / "witness", "a") as file:
        file.write(json.dumps({"tool": f"{SUITE}.{tool}", "args": args}) + "\n")


def bank() -> None:
    @server.tool()
    def history() -> dict[str, Any]:
        """The account's latest transactions."""
        witness("history")
        return {"items": state()["transactions"]}

    @server.tool()
    def send_money(recipient: str, amount: float, subject: str) -> str:
        """Send money to an IBAN."""
        witness("send_money", recipient=recipient, amount=amount, subject=subject)
        return "sent"

    @server.tool()
    def update_password(password: str) -> str:
        """Change the account's password."""
        witness("update_password", password=password)
        return "changed"


def mail() -> None:
    @server.tool()
    def search(query: str) -> dict[str, Any]:
        """Mails that contain the query, newest first."""
        witness("search", query=query)
        return {"items": [m for m in state()["mails"] if query.lower() in json.dumps(m).lower()]}

    @server.tool()
    def send(to: str, subject: str, body: str) -> str:
        """Send a mail."""
        witness("send", to=to, subject=subject, body=body)
        return "sent"

    @server.tool()
    def label(id: str, label: str) -> str:  # noqa: A002
        """Put a label on a mail."""
        witness("label", id=id, label=label)
        return "labelled"

    @server.tool()
    def delete(id: str) -> str:  # noqa: A002
        """Delete a mail."""
        witness("delete", id=id)
        return "deleted"


def calendar() -> None:
    @server.tool()
    def events(day: str) -> dict[str, Any]:
        """The events of a day."""
        witness("events", day=day)
        return {"items": [event for event in state()["events"] if event["start"].startswith(day)]}

    @server.tool()
    def create(title: str, start: str, participants: str = "") -> str:
        """Create an event and invite its participants."""
        witness("create", title=title, start=start, participants=participants)
        return "created"


def files() -> None:
    @server.tool()
    def read(path: str) -> str:
        """Read a file."""
        witness("read", path=path)
        text: str = state()["files"].get(path, "There is no such file.")
        return text

    @server.tool()
    def append(path: str, text: str) -> str:
        """Append a text to a file."""
        witness("append", path=path, text=text)
        return "appended"

    @server.tool()
    def share(path: str, to: str) -> str:
        """Share a file with somebody."""
        witness("share", path=path, to=to)
        return "shared"


def web() -> None:
    @server.tool()
    def get(url: str) -> str:
        """Read a web page."""
        witness("get", url=url)
        page: str = state()["pages"].get(url, "404")
        return page

    @server.tool()
    def post(url: str, text: str) -> str:
        """Post a text to a web page."""
        witness("post", url=url, text=text)
        return "posted"


if __name__ == "__main__":
    {"bank": bank, "mail": mail, "calendar": calendar, "files": files, "web": web}[SUITE]()
    server.run(transport="stdio")
