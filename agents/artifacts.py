"""Artifacts: the files that a task wrote into its workspace. What was attached to its goal is not among them."""

import hashlib
import mimetypes
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from journal.errors import NotFound
from journal.values import ATTACHMENTS
from tools.errors import ToolError
from tools.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file: ``name`` is its path in the workspace, ``size`` in bytes, ``digest`` the SHA-256 of its content.

    ``created_at`` (UTC) is when it was written last.
    """

    name: str
    media_type: str
    size: int
    digest: str
    created_at: datetime


def list_artifacts(workspace: Path) -> list[Artifact]:
    """All of them by name, at most ``tools.workspace.MAX_ENTRIES``; none where there is no workspace. Reads every file."""
    found = []
    folder = Workspace(workspace)
    for name in sorted(folder.files()):
        if not _is_attachment(name):
            with suppress(ToolError, OSError), folder.open(name) as file:  # gone, or replaced by a link, meanwhile
                found.append(_artifact(name, file))
    return found


def open_artifact(workspace: Path, name: str) -> BufferedReader:
    """One of them, open for reading. Raises ``NotFound``, also for a name that leads outside."""
    try:
        if not _is_attachment(name):
            return Workspace(workspace).open(name)
    except (ToolError, OSError):
        pass
    raise NotFound(f"This task has no artifact {name[:200]!r}.")


def media_type_of(name: str) -> str:
    """The media type that a file's name tells of."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _is_attachment(name: str) -> bool:
    return [part for part in name.split("/") if part not in ("", ".")][:1] == [ATTACHMENTS]


def _artifact(name: str, file: BufferedReader) -> Artifact:
    status = os.fstat(file.fileno())
    return Artifact(
        name=name,
        media_type=media_type_of(name),
        size=status.st_size,
        digest=hashlib.file_digest(file, "sha256").hexdigest(),
        created_at=datetime.fromtimestamp(status.st_mtime, UTC),
    )
