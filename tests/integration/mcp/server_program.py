"""An MCP server for the tests, as a program of its own. What it does stands in the folder it is given.

``python server_program.py FOLDER [stdio | http PORT_FILE]``. Files in the folder change it: ``description`` is what `look` is
described as; ``start`` (``hang``, ``die``) is how it starts; ``more`` is the name of one more tool.
"""

import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)

FOLDER = Path(sys.argv[1])
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def setting(name: str) -> str:
    file = FOLDER / name
    return file.read_text() if file.exists() else ""


def witness(line: str) -> None:
    with open(FOLDER / "witness", "a") as file:
        file.write(line + "\n")


server = MCPServer("tests")
READS = ToolAnnotations(read_only_hint=True)


@server.tool(description=setting("description") or "Look one item up.", annotations=READS)
def look(item: str) -> str:
    witness(f"look {item}")
    return f"found {item}"


@server.tool()
def send(to: str, count: int = 1) -> str:
    """Send something. Changes the world."""
    witness(f"send {to}")
    return "sent"


@server.tool()
def key(context: Context) -> str:
    """The idempotency key that came with the call."""
    meta = context.request_context.meta or {}
    return str(meta.get("journeyman/idempotency-key"))


@server.tool()
def table(rows: int) -> dict[str, Any]:
    """Structured data."""
    return {"rows": [{"n": n} for n in range(rows)]}


@server.tool(annotations=READS)
def draw() -> Image:
    """An image."""
    return Image(data=PNG, format="png")


@server.tool(annotations=READS)
def mixed() -> CallToolResult:
    """All kinds of content."""
    sound = base64.b64encode(b"RIFF").decode()
    text = TextResourceContents(uri="note://1", text="a note", mime_type="text/plain")
    return CallToolResult(
        content=[
            TextContent(text="first"),
            AudioContent(data=sound, mime_type="audio/wav"),
            EmbeddedResource(resource=text),
            ResourceLink(name="report", uri="file:///srv/report.pdf", mime_type="application/pdf"),
        ]
    )


@server.tool(annotations=READS)
def fail(why: str) -> CallToolResult:
    """Fails."""
    return CallToolResult(content=[TextContent(text=why)], is_error=True)


@server.tool()
def die(when: str) -> str:
    """Ends the server in the middle of the call."""
    witness(f"die {when}")
    os._exit(3)


@server.tool(annotations=READS)
def die_reading() -> str:
    """Ends the server the first time."""
    witness("die_reading")
    if setting("witness").count("die_reading") == 1:
        os._exit(3)
    return "alive"


@server.tool(annotations=READS)
async def hang() -> str:
    """Never answers."""
    witness("hanging")
    try:
        await anyio.sleep_forever()
    finally:
        witness("hang canceled")
    return ""


@server.tool(annotations=READS)
def huge(size: int) -> str:
    """A long text."""
    return "x" * size


@server.tool(annotations=READS)
def environment() -> list[str]:
    """The names of the variables this process has."""
    return sorted(os.environ)


if setting("more"):

    @server.tool(name=setting("more"))
    def more() -> str:
        """One more."""
        return "more"


def serve_http(port_file: Path) -> None:
    import socket

    import uvicorn

    class Asked:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                witness(f"asked {headers.get('host')} {headers.get('authorization')}")
            await self.app(scope, receive, send)

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(setting("port") or 0)))
    listener.listen()
    app = Asked(server.streamable_http_app())
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(listener.getsockname()[1]))
    draft.replace(port_file)
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on")).run(sockets=[listener])


witness("started")
sys.stderr.write("a line on stderr\n")
sys.stderr.flush()
if setting("start") == "die":
    sys.exit(3)
while setting("start") == "hang":
    time.sleep(0.01)
if sys.argv[2:3] == ["http"]:
    serve_http(Path(sys.argv[3]))
else:
    server.run("stdio")
