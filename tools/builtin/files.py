"""``read_file``, ``list_files`` and ``write_file``: the task's own folder."""

import difflib
from typing import Annotated, Any

from pydantic import Field

from journal.values import ATTACHMENTS, SourceRef
from tools.binary import binary_kind
from tools.decorator import tool
from tools.errors import ToolError
from tools.types import ToolContext, ToolOutput
from tools.workspace import MAX_ENTRIES, Entry, Workspace
from trust.labels import Label, Trust, Visibility

MAX_CHARS = 50_000
_NOTE_CHARS = 200

FilePath = Annotated[str, Field(description="A path relative to the workspace, such as `notes/plan.md`.")]


@tool(read_only=True, idempotent=True, open_world=False, preview_chars=MAX_CHARS + _NOTE_CHARS)
def read_file(
    path: FilePath,
    context: ToolContext,
    offset: Annotated[int, Field(ge=0, description="The first character to read, from 0.")] = 0,
    limit: Annotated[int, Field(ge=1, le=MAX_CHARS, description="How many characters to read.")] = 20_000,
) -> ToolOutput:
    """Read a text file of the workspace."""
    workspace = Workspace(context.workspace)
    try:
        text = _text(path, workspace.read(path))
    except FileNotFoundError:
        raise _missing(path, workspace) from None
    if offset and offset >= len(text):
        raise ToolError(f"`{path}` has {len(text)} characters; there is nothing at offset {offset}.")
    end = offset + limit
    more = f"\n[{len(text) - end} more characters; read on with offset={end}]" if end < len(text) else ""
    return _cited(path, text, offset, end, f"{text[offset:end]}{more}")


@tool(read_only=True, idempotent=True, open_world=False)
def list_files(
    context: ToolContext,
    folder: Annotated[str, Field(description="A folder relative to the workspace; `.` is the workspace itself.")] = ".",
) -> ToolOutput:
    """List the files and folders in a folder of the workspace."""
    try:
        entries = Workspace(context.workspace).entries(folder)
    except FileNotFoundError:
        raise ToolError(f"There is no folder `{folder}` in the workspace.") from None
    lines = [_line(entry) for entry in entries[:MAX_ENTRIES]]
    if len(entries) > MAX_ENTRIES:
        lines.append(f"[{len(entries) - MAX_ENTRIES} more]")
    return ToolOutput("\n".join(lines) or "The folder is empty.", data=[_data(entry) for entry in entries[:MAX_ENTRIES]])


@tool(idempotent=True, destructive=True, open_world=False, workspace_only=True, trust="trusted")
def write_file(
    path: FilePath,
    content: Annotated[str, Field(description="The whole new content.")],
    context: ToolContext,
) -> str:
    """Write a text file in the workspace; folders are made, and a file already there is replaced."""
    try:
        data = content.encode()
    except UnicodeEncodeError:
        raise ToolError("`content` holds characters that cannot be written as UTF-8 (half of a surrogate pair).") from None
    Workspace(context.workspace).write(path, data)
    return f"Wrote {len(data)} {'byte' if len(data) == 1 else 'bytes'} to {path}."


def _cited(path: str, text: str, offset: int, end: int, content: str) -> ToolOutput:
    """What came with the goal is a source; what the task wrote itself is none."""
    folder, _, name = path.removeprefix("./").partition("/")
    if folder != ATTACHMENTS or not name:
        return ToolOutput(content)
    label = Label(sources=(f"attachment:{name}", "tool:read_file"), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
    first = text.count("\n", 0, offset) + 1
    last = first + text[offset:end].rstrip("\n").count("\n")
    source = SourceRef(source=f"{ATTACHMENTS}/{name}", position=f"lines {first}-{last}", label=label)
    return ToolOutput(content, label=label, sources=(source,))


def _text(path: str, data: bytes) -> str:
    kind = binary_kind(data[:8192])
    if kind:
        raise ToolError(f"`{path}` is {kind}, not text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ToolError(f"`{path}` is not UTF-8 text (byte {error.start} does not fit).") from None


def _missing(path: str, workspace: Workspace) -> ToolError:
    files = workspace.files()
    close = difflib.get_close_matches(path, files, 3, cutoff=0.5)
    if close:
        return ToolError(f"There is no file `{path}`; did you mean {' or '.join(f'`{name}`' for name in close)}?")
    return ToolError(
        f"There is no file `{path}`; {'`list_files` shows what there is' if files else 'the workspace is empty'}."
    )


def _line(entry: Entry) -> str:
    name = entry.name if entry.name.isprintable() else repr(entry.name)
    if entry.kind == "folder":
        return f"{name}/"
    return f"{name} ({entry.size} bytes)" if entry.kind == "file" else f"{name} (a link or device; cannot be used)"


def _data(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "kind": entry.kind, "bytes": entry.size}
