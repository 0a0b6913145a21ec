"""A task's own folder, from which no path leads out.

Every component of a path is opened by itself, relative to the folder above it and without following links, so nothing can be
swapped for a link between a check and its use.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EDQUOT, EISDIR, ELOOP, ENOENT, ENOSPC, ENOTDIR
from io import BufferedReader
from pathlib import Path

from tools.errors import Refused, ToolError

MAX_BYTES = 10_000_000
MAX_ENTRIES = 1000
_MAX_DEPTH = 32
_MAX_NAME_BYTES = 200
_TEMPORARY = ".journeyman-"
_WINDOWS = re.compile(r"[A-Za-z]:")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a folder. ``kind``: ``file``, ``folder`` or ``other`` (a link or device, which cannot be used)."""

    name: str
    kind: str
    size: int


class Workspace:
    """Reads and writes below one folder, which is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """A file's bytes, at most ``MAX_BYTES``.

        Raises ``Refused`` for a path outside, ``FileNotFoundError`` where there is none, and ``ToolError`` for what is no file
        or too large.
        """
        *folders, name = _parts(path, "file")
        with self._folder(folders) as folder, _explained(path):
            handle = os.open(name, _READ, dir_fd=folder)
            with open(handle, "rb") as file:
                _check_readable(path, os.fstat(handle))
                data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _too_large(path)
        return data

    def open(self, path: str) -> BufferedReader:
        """A file of any size, open for reading. Raises like ``read``."""
        *folders, name = _parts(path, "file")
        with self._folder(folders) as folder, _explained(path):
            handle = os.open(name, _READ, dir_fd=folder)
            try:
                _check_regular(path, os.fstat(handle))
            except BaseException:
                os.close(handle)
                raise
            return os.fdopen(handle, "rb")

    def write(self, path: str, data: bytes) -> None:
        """Put a file in place whole or not at all, and on disk before returning; folders above it are made.

        Raises ``Refused`` for a path outside and ``ToolError`` where it cannot be written; nothing is changed then.
        """
        *folders, name = _parts(path, "file")
        if len(data) > MAX_BYTES:
            raise _too_large(path)
        with _explained(path):
            self._root.mkdir(parents=True, exist_ok=True)
        with self._folder(folders, make=True) as folder, _explained(path):
            _check_replaceable(path, name, folder)
            _replace(name, data, folder)

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, sorted by name; nothing in a workspace to which nothing was written yet."""
        folders = _parts(path)
        if not folders and not self._root.exists():
            return []
        with self._folder(folders) as folder, os.scandir(folder) as found:
            return sorted((_entry(e) for e in found if not e.name.startswith(_TEMPORARY)), key=lambda e: e.name)

    def files(self) -> list[str]:
        """The paths of the files, at most ``MAX_ENTRIES`` of them, nearest first."""
        found: list[str] = []
        waiting = ["."]
        while waiting and len(found) < MAX_ENTRIES:
            here = waiting.pop(0)
            with suppress(OSError, ToolError):
                for entry in self.entries(here):
                    path = entry.name if here == "." else f"{here}/{entry.name}"
                    (waiting if entry.kind == "folder" else found).append(path)
        return found[:MAX_ENTRIES]

    @contextmanager
    def _folder(self, names: list[str], *, make: bool = False) -> Iterator[int]:
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for depth, name in enumerate(names, 1):
                with _explained("/".join(names[:depth])):
                    below = _step(name, handle, make=make)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


def _parts(path: str, what: str | None = None) -> list[str]:
    """The components of a path inside; with ``what``, at least one."""
    if "\0" in path:
        raise Refused("The path holds a NUL character.")
    if "\\" in path or _WINDOWS.match(path):
        raise Refused(f"`{path}` is written the Windows way; write a path relative to the workspace with `/`.")
    if path.startswith(("/", "~")):
        raise Refused(f"`{path}` is outside the workspace; write a path relative to it.")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"`{path}` may lead outside the workspace; write a path without `..`.")
    if len(parts) > _MAX_DEPTH or any(len(os.fsencode(_encodable(part))) > _MAX_NAME_BYTES for part in parts):
        raise ToolError(f"The path is too long: at most {_MAX_DEPTH} folders, and {_MAX_NAME_BYTES} bytes for each name.")
    if what and (not parts or path.endswith(("/", "/."))):
        raise ToolError(f"`{path}` names no {what}.")
    return parts


def _encodable(part: str) -> str:
    try:
        part.encode()
    except UnicodeEncodeError:
        raise ToolError("The path holds characters that cannot be written as UTF-8.") from None
    return part


def _step(name: str, above: int, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=above)
        os.fsync(above)
    return os.open(name, _FOLDER, dir_fd=above)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turns what the system says into words for the model; a missing file stays ``FileNotFoundError``."""
    try:
        yield
    except OSError as error:
        if error.errno == ENOENT:
            raise
        if error.errno == ELOOP:
            raise Refused(f"`{path}` is a link, and links are not followed; name a file in the workspace itself.") from None
        if error.errno == ENOTDIR:
            raise Refused(f"`{path}` is a file or a link, not a folder of the workspace.") from None
        if error.errno in (ENOSPC, EDQUOT):
            raise ToolError(f"`{path}` was not written: the disk is full.") from None
        reason = "it is a folder" if error.errno == EISDIR else (error.strerror or "the system refused").lower()
        raise ToolError(f"`{path}` cannot be used: {reason}.") from None


def _check_regular(path: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ToolError(f"`{path}` is a folder; `list_files` shows what is in it.")
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"`{path}` is not a regular file.")


def _check_readable(path: str, found: os.stat_result) -> None:
    _check_regular(path, found)
    if found.st_size > MAX_BYTES:
        raise _too_large(path)


def _check_replaceable(path: str, name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            raise ToolError(f"`{path}` is a folder; choose another name for the file.")
        if not stat.S_ISREG(mode):
            raise Refused(f"`{path}` is a link or a device, not a file of the workspace; choose another name.")


def _replace(name: str, data: bytes, folder: int) -> None:
    temporary = _TEMPORARY + secrets.token_hex(8)
    try:
        with open(os.open(temporary, _CREATE, 0o644, dir_fd=folder), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def _entry(found: os.DirEntry[str]) -> Entry:
    if found.is_dir(follow_symlinks=False):
        return Entry(found.name, "folder", 0)
    if found.is_file(follow_symlinks=False):
        return Entry(found.name, "file", found.stat(follow_symlinks=False).st_size)
    return Entry(found.name, "other", 0)


def _too_large(path: str) -> ToolError:
    return ToolError(f"`{path}` is larger than the {MAX_BYTES:,} bytes that can be read or written at once.")
