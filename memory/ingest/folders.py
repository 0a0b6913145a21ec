"""What of a folder is read: every regular file in the order of its path, except hidden ones and other people's packages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv"})


@dataclass(slots=True)
class Listing:
    """``files`` maps a path relative to the folder, with ``/`` between its parts, to the file. ``unread`` are folders that
    could not be listed, each with the reason: nothing is known of what is below them."""

    files: dict[str, Path] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def list_folder(root: Path) -> Listing:
    """Links to folders are not followed, so a loop of links is no harm; links to files are."""
    listing = Listing()
    for folder in _folders(root, listing):
        for entry in sorted(folder, key=lambda entry: entry.name):
            if not _is_folder(entry) and not entry.name.startswith("."):
                path = Path(entry.path)
                listing.files[_name(path.relative_to(root))] = path
    listing.files = dict(sorted(listing.files.items()))
    return listing


def _name(path: Path) -> str:
    """A file's name need not be text; what of it is not shows as a replacement character."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _folders(root: Path, listing: Listing) -> Iterator[list[os.DirEntry[str]]]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except OSError as error:
            reason = f"The folder cannot be opened: {os.strerror(error.errno or 0)}."
            listing.unread[_name(folder.relative_to(root)) + "/"] = reason
            continue
        waiting.extend(Path(entry.path) for entry in entries if _is_entered(entry))
        yield entries


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Also a link to one. A link to itself is taken for a file, which then cannot be opened."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_entered(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in _PASSED_OVER
