"""From what a server answered to what a tool gives back."""

import base64
import binascii
import mimetypes
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from tools.errors import ToolError
from tools.threads import in_thread
from tools.types import ToolContext, ToolOutput
from tools.workspace import Workspace

if TYPE_CHECKING:
    from mcp import types

MAX_CHARS = 4_000_000
"""What stands beyond this in one answer is dropped, and the answer says so."""

MAX_FILES = 20

_SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp", "text/plain": ".txt"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


async def to_output(result: "types.CallToolResult", context: ToolContext, server: str) -> ToolOutput:
    """Text is the content, a structured value the data; images, recordings and files are saved into the workspace and named.

    Raises ``ToolError`` with the text of an answer that says that the call failed.
    """
    reading = _Reading(context, server, keeps=not result.is_error)
    for block in result.content:
        await reading.take(block)
    text = "\n".join(reading.texts)
    if result.is_error:
        raise ToolError(_cut(text) or "The server says that the call failed, and no more.")
    data = result.structured_content
    if data is not None and not text:
        text = to_json(data, inf_nan_mode="null", fallback=str).decode()
    if data is not None and len(to_json(data, inf_nan_mode="null", fallback=str)) > MAX_CHARS:
        data = None
    return ToolOutput(_cut(_encodable(text)) or "Done.", data=data)


@dataclass(slots=True)
class _Reading:
    """The parts of one answer, in words. With ``keeps`` false no file is saved."""

    context: ToolContext
    server: str
    keeps: bool
    texts: list[str] = field(default_factory=list)
    files: int = 0

    async def take(self, block: Any) -> None:
        match block.type:
            case "text":
                self.texts.append(block.text)
            case "image" | "audio":
                self.texts.append(await self._file(block.type, block.mime_type, block.data))
            case "resource":
                await self._resource(block.resource)
            case "resource_link":
                about = ", ".join(filter(None, (block.mime_type, block.description)))
                self.texts.append(f"[resource {block.name}: {block.uri}{f' ({about})' if about else ''}]")

    async def _resource(self, resource: Any) -> None:
        if hasattr(resource, "text"):
            self.texts.append(f"[resource {resource.uri}]\n{resource.text}")
        else:
            saved = await self._file("file", resource.mime_type or "application/octet-stream", resource.blob)
            self.texts.append(f"[resource {resource.uri}] {saved}")

    async def _file(self, what: str, mime_type: str, encoded: str) -> str:
        """Save bytes as a file of the workspace; what cannot be saved is named all the same, since the call did its work."""
        self.files += 1
        if not self.keeps or self.files > MAX_FILES:
            return f"[{what}, {mime_type}, not saved]"
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return f"[{what}, {mime_type}, not saved: it is not base64]"
        call = _UNSAFE.sub("_", self.context.call_id)[-40:]
        path = f"mcp/{self.server}/{call}-{self.files}{_suffix(mime_type)}"
        try:
            await in_thread(Workspace(self.context.workspace).write, path, data)
        except ToolError as error:
            return f"[{what}, {mime_type}, {len(data):,} bytes, not saved: {error}]"
        return f"[{what}, {mime_type}, {len(data):,} bytes, saved as {path}]"


def _suffix(mime_type: str) -> str:
    plain = mime_type.partition(";")[0].strip().lower()
    return _SUFFIXES.get(plain) or mimetypes.guess_extension(plain) or ".bin"


def _cut(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[:MAX_CHARS]}\n[cut: {len(text) - MAX_CHARS:,} more characters came]"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
