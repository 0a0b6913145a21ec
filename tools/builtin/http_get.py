"""``http_get``: a page or file of the web, as text."""

from typing import Annotated

from pydantic import Field

from journal.values import SourceRef
from tools.decorator import tool
from tools.html_text import html_to_text
from tools.threads import in_thread
from tools.types import ToolContext, ToolOutput
from trust.labels import Label, Trust, Visibility

_HTML = frozenset({"text/html", "application/xhtml+xml"})


@tool(read_only=True, idempotent=True, open_world=True, visibility="public", timeout_seconds=120)
async def http_get(
    url: Annotated[str, Field(description="A whole address that starts with http:// or https://.")], context: ToolContext
) -> ToolOutput:
    """Fetch a page or text file from the web. HTML is turned into readable text."""
    fetched = await context.http.get(url)
    text = await in_thread(html_to_text, fetched.text) if fetched.content_type in _HTML else fetched.text
    data = {"url": fetched.url, "status": fetched.status, "content_type": fetched.content_type, "text": text}
    visibility = Visibility.PRIVATE if fetched.private else Visibility.PUBLIC
    label = Label(sources=("tool:http_get",), trust=Trust.UNTRUSTED, visibility=visibility)
    return ToolOutput(
        f"HTTP {fetched.status} · {fetched.content_type or 'no content type'} · {fetched.url}\n\n{text}",
        data=data,
        label=label,
        sources=(SourceRef(source=fetched.url, position="web page", label=label),),
    )
