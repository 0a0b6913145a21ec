"""An MCP server over stdio with one effect: ``python mail_server.py WITNESS CASE``."""

import sys
import urllib.request

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("mail")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def read(box: str) -> str:
    """Read a mail box."""
    return f"mail in {box}"


@server.tool()
def send(subject: str) -> str:
    """Send a mail. Changes the world."""
    witness, case = sys.argv[1:3]
    request = urllib.request.Request(f"{witness}/{case}/mail.send/{subject}", method="POST")  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    return "mailed"


if __name__ == "__main__":
    server.run("stdio")
