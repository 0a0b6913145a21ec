"""Ingestion: only what is new or changed is read and stored, and a folder's losses are forgotten."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from journal.errors import InvalidInput, StorageError, StorageFull
from memory.errors import UnreadableDocument
from memory.ingest.folders import Listing, list_folder
from memory.ingest.loaders import Source, document_digest, file_digest, read_bytes, read_document, read_file, storable
from memory.ingest.parts import is_in_parts, parts_of, whole_of
from memory.items import Document, Ingested, Progress
from memory.settings import MemorySettings

_ITSELF = "./"
_BATCH_ITEMS = 64
"""Items gathered from small documents before they are embedded and stored together."""

_MOST_REFUSALS = 3
_NOT_TRIED = "It was not tried: the store refused those before it."


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has of a source: the digest it was read at, and the folder it came from."""

    digest: str
    origin: str


class Shelf(Protocol):
    """One tenant's namespace, as ingestion writes it."""

    async def known(self, names: Sequence[str] | None = None) -> dict[str, Known]:
        """The sources of these names that the namespace has, or all of them."""

    async def put(self, sources: Sequence[Source]) -> None:
        """Store each source in the place of what was known under its name. Survives the process once it returns."""

    async def remove(self, names: Sequence[str]) -> None:
        """Forget these sources."""


@dataclass(slots=True)
class _Tally:
    added: int = 0
    unchanged: int = 0
    removed: int = 0
    items: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)

    def result(self) -> Ingested:
        return Ingested(self.added, self.unchanged, self.removed, self.items, self.skipped, self.duplicates)


class _Batches:
    """Hands sources on in batches of some size, so that many small ones share the cost of a call."""

    def __init__(self, shelf: Shelf, tally: _Tally) -> None:
        self._shelf = shelf
        self._tally = tally
        self._waiting: dict[str, Source] = {}
        self._refusals = 0

    @property
    def refused(self) -> bool:
        """Whether the store has refused so many batches in a row that no more are tried."""
        return self._refusals >= _MOST_REFUSALS

    async def add(self, source: Source) -> None:
        self._waiting[source.name] = source
        if sum(len(s.pieces) for s in self._waiting.values()) >= _BATCH_ITEMS:
            await self.flush()

    async def flush(self) -> None:
        sources = list(self._waiting.values())
        self._waiting.clear()
        if not sources:
            return
        try:
            await self._shelf.put(sources)
        except StorageFull:
            raise
        except StorageError as error:
            self._refusals += 1
            self._tally.skipped |= {source.name: error.message for source in sources}
            return
        self._refusals = 0
        self._tally.added += len(sources)
        self._tally.items += sum(len(s.pieces) for s in sources)


async def add_documents(shelf: Shelf, documents: Sequence[Document], settings: MemorySettings) -> Ingested:
    """Store what is new or changed. Of several documents with one source the last counts."""
    latest = {document.source: document for document in documents}
    for name in latest:
        if not name.strip() or name != storable(name):
            raise InvalidInput(f"{name!r} cannot be a document's source, the name it is cited by.")
    known = await shelf.known(list(latest))
    tally = _Tally()
    batches = _Batches(shelf, tally)
    for group in _groups(list(latest.values())):
        for document, outcome in zip(group, await asyncio.to_thread(_read_group, group, known, settings), strict=True):
            if outcome is None:
                tally.unchanged += 1
            elif isinstance(outcome, Source):
                await batches.add(outcome)
            else:
                tally.skipped[document.source] = outcome.message
    await batches.flush()
    return tally.result()


def _groups(documents: Sequence[Document]) -> Iterable[Sequence[Document]]:
    return (documents[start : start + _BATCH_ITEMS] for start in range(0, len(documents), _BATCH_ITEMS))


def _read_group(
    group: Sequence[Document], known: dict[str, Known], settings: MemorySettings
) -> list[Source | UnreadableDocument | None]:
    return [_read_changed(document, known.get(document.source), settings) for document in group]


def _read_changed(document: Document, known: Known | None, settings: MemorySettings) -> Source | UnreadableDocument | None:
    try:
        if known is not None and known.digest == document_digest(document, settings):
            return None
        return read_document(document, settings)
    except UnreadableDocument as error:
        return error
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The metadata of {document.source} is no JSON: {error}.") from None


async def add_path(
    shelf: Shelf,
    path: Path,
    settings: MemorySettings,
    *,
    source: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Ingested:
    """Store a file or a folder; with ``source``, a file handed over under that name.

    Raises ``InvalidInput`` where nothing is, ``UnreadableDocument`` for a single file, or a whole folder, that cannot be read.
    """
    path, is_folder = await asyncio.to_thread(_look_at, path)
    if source is not None:
        return await _Walk(shelf, settings, path.parent, on_progress, origin="").add_as(source, path)
    if is_folder:
        return await _Walk(shelf, settings, path, on_progress).add_folder()
    return await _Walk(shelf, settings, path.parent, on_progress).add_file(path)


def _look_at(path: Path) -> tuple[Path, bool]:
    path = Path(os.path.abspath(path.expanduser()))  # a link keeps its own name
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {path}.", hint="Check the path.")
    return path, path.is_dir()


class _Walk:
    """One ingestion of files that were found under ``root``, or handed over: then their ``origin`` is ``""``."""

    def __init__(
        self,
        shelf: Shelf,
        settings: MemorySettings,
        root: Path,
        on_progress: Callable[[Progress], None] | None,
        *,
        origin: str | None = None,
    ) -> None:
        self._shelf = shelf
        self._settings = settings
        self._root = root
        self._origin = str(root) if origin is None else origin
        self._report = on_progress or (lambda _: None)
        self._tally = _Tally()
        self._batches = _Batches(shelf, self._tally)
        self._stored: dict[str, list[str]] = {}
        """What each file of this origin is kept as: itself, or its parts."""
        self._holders: dict[str, str] | None = None
        """Which source holds the content of a digest, where one content is kept but once."""

    async def add_file(self, path: Path) -> Ingested:
        in_parts = await asyncio.to_thread(is_in_parts, path, self._settings)
        known = await self._shelf.known(None if in_parts else self._choices(path.name, path))
        name = self._names({path.name: path}, known)[path.name]
        return await self._add_one(name, path, known, shown=str(path))

    async def add_as(self, name: str, path: Path) -> Ingested:
        """A file that is known by ``name``, wherever it lies now."""
        in_parts = await asyncio.to_thread(is_in_parts, path, self._settings)
        return await self._add_one(name, path, await self._shelf.known(None if in_parts else [name]), shown=name)

    async def _add_one(self, name: str, path: Path, known: dict[str, Known], *, shown: str) -> Ingested:
        error = await self._add({name: path}, known)
        if error is not None:
            raise UnreadableDocument(f"{shown} was not added. {error.message}", hint=error.hint)
        return self._tally.result()

    async def add_folder(self) -> Ingested:
        listing = await asyncio.to_thread(list_folder, self._root)
        if _ITSELF in listing.unread:
            raise UnreadableDocument(f"{self._root} was not added. {listing.unread[_ITSELF]}")
        known = await self._shelf.known()
        names = self._names(listing.files, known)
        await self._forget_gone(listing, set(names.values()), known)
        present = set(names.values())
        self._holders = {entry.digest: name for name, entry in known.items() if whole_of(name) not in present}
        await self._add({names[relative]: path for relative, path in listing.files.items()}, known)
        return self._tally.result()

    async def _forget_gone(self, listing: Listing, present: set[str], known: dict[str, Known]) -> None:
        """Where a part of the folder could not be seen, nothing is known to be gone."""
        self._tally.skipped.update(listing.unread)
        if listing.unread:
            return
        gone = [name for name, entry in known.items() if entry.origin == str(self._root) and whole_of(name) not in present]
        if gone:
            await self._shelf.remove(gone)
            for name in gone:
                del known[name]
        self._tally.removed = len(gone)

    def _names(self, files: dict[str, Path], known: dict[str, Known]) -> dict[str, str]:
        """The relative path names a file. Where a file of another folder is known by it, this folder's name goes before."""
        names = {}
        for relative, path in files.items():
            choices = [name for name in self._choices(relative, path) if name == relative or name not in files]
            names[relative] = next((name for name in choices if self._is_free(name, known)), str(path))
        return names

    def _choices(self, relative: str, path: Path) -> list[str]:
        return [relative, f"{self._root.name}/{relative}", str(path)]

    def _is_free(self, name: str, known: dict[str, Known]) -> bool:
        return name not in known or known[name].origin in ("", str(self._root))

    async def _add(self, files: dict[str, Path], known: dict[str, Known]) -> UnreadableDocument | None:
        """Returns the last error, for a caller who gave but one file."""
        for stored, entry in known.items():
            if entry.origin == self._origin:
                self._stored.setdefault(whole_of(stored), []).append(stored)
        last_error = None
        for number, (name, path) in enumerate(files.items()):
            self._report(Progress(number, len(files), name))
            if self._batches.refused:
                self._tally.skipped[name] = _NOT_TRIED
                continue
            try:
                await self._add_file(name, path, known)
            except UnreadableDocument as error:
                last_error = error
                self._tally.skipped[name] = error.message
        await self._batches.flush()
        if files:
            self._report(Progress(len(files), len(files), next(reversed(files))))
        return last_error

    async def _add_file(self, name: str, path: Path, known: dict[str, Known]) -> None:
        if await asyncio.to_thread(is_in_parts, path, self._settings):
            await self._add_parts(name, path, known)
            return
        outcome = await asyncio.to_thread(self._read, name, path, known.get(name))
        await self._take(name, outcome, known)
        await self._drop_others(name, kept={name})

    async def _take(self, name: str, outcome: Source | str, known: dict[str, Known]) -> None:
        """``outcome`` is what was read, or the digest of what is unchanged."""
        digest = outcome if isinstance(outcome, str) else outcome.digest
        if self._holders is not None and self._holders.setdefault(digest, name) != name:
            self._tally.duplicates[name] = self._holders[digest]
            if name in known and known[name].origin == self._origin:
                await self._shelf.remove([name])
        elif isinstance(outcome, Source):
            await self._batches.add(outcome)
        else:
            self._tally.unchanged += 1

    async def _add_parts(self, name: str, path: Path, known: dict[str, Known]) -> None:
        parts = parts_of(path, name, self._origin, self._settings)
        kept: set[str] = set()
        while (part := await asyncio.to_thread(next, parts, None)) is not None and not self._batches.refused:
            kept.add(part.name)
            if known.get(part.name) == Known(part.digest, self._origin):
                self._tally.unchanged += 1
            else:
                await self._batches.add(part)
        if not kept:
            raise UnreadableDocument("It is empty.")
        if not self._batches.refused:
            await self._drop_others(name, kept=kept)

    async def _drop_others(self, name: str, *, kept: set[str]) -> None:
        """Forget what the file was kept as before: parts that it has no more, or the whole."""
        if gone := [other for other in self._stored.get(name, ()) if other not in kept]:
            await self._batches.flush()
            await self._shelf.remove(gone)

    def _read(self, name: str, path: Path, known: Known | None) -> Source | str:
        """What is in the file, or its digest where that is known. Raises ``UnreadableDocument``."""
        data = read_bytes(path, self._settings)
        digest = file_digest(data, self._settings)
        if known == Known(digest, self._origin):
            return digest
        return read_file(data, path, name, self._origin, self._settings)
