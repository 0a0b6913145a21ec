"""The Qdrant shard on disk. Everything here blocks, and the caller uses one thread at a time.

The shard does not let go of the interpreter while it works, so each call is kept small: writes go in batches. For the same
reason it is never optimized: that would freeze the whole process for seconds, and searches do well without (at 20,000 items
with dense vectors they take 5 ms, at 60,000 some 20 ms).
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from journal.errors import StorageError, StorageFull
from memory.owner import Owner
from memory.store import INDEXED, OWN, WINDOW, Payload, Space, Vectors, Where

if TYPE_CHECKING:
    from qdrant_edge import EdgeShard, Filter, Record

_FORMAT = 3
"""Before format 3 dense vectors had other names: they are made anew."""
_BATCH = 64
_CHECKPOINT = 5000
"""Points written between two flushes."""

_LEAST_FREE_BYTES = 128 * 1024 * 1024
"""The shard writes through memory maps, where a full disk kills the process: so it is refused before."""

T = TypeVar("T")


class Shard:
    """An open shard, owned by this process."""

    def __init__(self, folder: Path) -> None:
        """Open the shard in ``folder``, or make it. Raises ``MemoryBusy``, ``StorageError``."""
        self._folder = folder
        self._unflushed = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._owner = Owner(folder)
        except OSError as error:
            raise StorageError(f"The memory in {folder} cannot be opened: {os.strerror(error.errno or 0)}.") from None
        try:
            self._about = self._read_about()
            self._edge = self._load() if self._about else self._create()
        except BaseException:
            self._owner.release()
            raise

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces of the dense vectors, oldest first."""
        return tuple(Space(**space) for space in self._about["spaces"]) if self._about["format"] == _FORMAT else ()

    def add_space(self, space: Space) -> None:
        """Make room for the vectors of one more space."""
        from qdrant_edge import Distance, UpdateOperation

        if space in self.spaces:
            return
        self._remove_old_vectors()
        # First the room, then the note of it: after a crash between them the room is made again.
        self._update(UpdateOperation.delete_vector_name(space.vector_name))
        self._update(UpdateOperation.create_dense_vector(space.vector_name, space.dimensions, Distance.Cosine))
        self.flush()
        self._write_spaces([*self.spaces, space])

    def drop_space(self, space: Space) -> None:
        """Drop a space with all its vectors."""
        from qdrant_edge import UpdateOperation

        self._write_spaces([other for other in self.spaces if other != space])
        self._update(UpdateOperation.delete_vector_name(space.vector_name))
        self.flush()

    def put(self, points: Iterable[tuple[UUID, Vectors, Payload]]) -> None:
        """Insert or replace points. Raises ``StorageFull`` before anything of a batch is written."""
        from qdrant_edge import Point, UpdateOperation

        for batch in _batches(points):
            self._check_room()
            self._update(UpdateOperation.upsert_points([Point(uid, vectors, payload) for uid, vectors, payload in batch]))
            self._unflushed += len(batch)

    def set_vectors(self, vectors: Iterable[tuple[UUID, Vectors]]) -> None:
        """Replace the named vectors of points, and leave their others."""
        from qdrant_edge import PointVectors, UpdateOperation

        for batch in _batches(vectors):
            self._check_room()
            self._update(UpdateOperation.update_vectors([PointVectors(uid, named) for uid, named in batch]))

    def set_payload(self, uid: UUID, payload: Payload) -> None:
        """Set these fields of a point, and leave its others."""
        from qdrant_edge import UpdateOperation

        self._update(UpdateOperation.set_payload([uid], payload))

    def delete(self, ids: Sequence[UUID]) -> None:
        from qdrant_edge import UpdateOperation

        self._update(UpdateOperation.delete_points(list(ids)))

    def delete_matching(self, where: Where) -> None:
        from qdrant_edge import UpdateOperation

        self._update(UpdateOperation.delete_points_by_filter(_filter(where)))

    def get(self, ids: Sequence[UUID]) -> dict[UUID, Payload]:
        """The payloads of those of the points that are there."""
        records = self._call(lambda: self._edge.retrieve(list(ids), True, False))
        return {_uuid(record): record.payload or {} for record in records}

    def page(self, where: Where, start: UUID | None, limit: int) -> tuple[list[tuple[UUID, Payload]], UUID | None]:
        """Matching points in the order of their ids, from ``start`` on, and the id where the next page starts."""
        from qdrant_edge import ScrollRequest

        request = ScrollRequest(start, limit, _filter(where), True, False)
        records, following = self._call(lambda: self._edge.scroll(request))
        return [(_uuid(record), record.payload or {}) for record in records], cast("UUID | None", following)

    def search(self, vectors: Vectors, where: Where, limit: int, corpus: Where) -> dict[str, list[tuple[UUID, float]]]:
        """For each named vector the ids and scores of the nearest points, best first."""
        from qdrant_edge import IdfParams, Query, QueryBatchRequest, QueryRequest, SearchParams

        rarity = SearchParams(idf=IdfParams(corpus=_filter(corpus)))
        requests = [
            QueryRequest(
                limit,
                query=Query.Nearest(vector, using=name),
                filter=_filter(where),
                params=rarity if name in (OWN, WINDOW) else None,
            )
            for name, vector in vectors.items()
        ]
        found = self._call(lambda: self._edge.query_batch(QueryBatchRequest(requests)))
        return {
            name: [(cast(UUID, point.id), point.score) for point in points]
            for name, points in zip(vectors, found, strict=True)
        }

    def sync(self) -> None:
        """Make what was written survive a power cut; the death of the process it survives anyway.

        Only the shard's log is forced to the disk, from which it mends itself when it is opened: its own ``flush`` would hold
        the interpreter for as long as the disk takes. That is done now and then, to keep the log short.
        """
        if self._unflushed >= _CHECKPOINT:
            self.flush()
            return
        try:
            while not _forced_to_disk(self._data / "wal"):
                continue
        except OSError as error:
            raise StorageError(f"The disk of {self._folder} refused to write: {os.strerror(error.errno or 0)}.") from None

    def flush(self) -> None:
        """Write everything to its place on the disk."""
        self._call(self._edge.flush)
        self._unflushed = 0

    def close(self) -> None:
        try:
            self.flush()
            self._call(self._edge.close)
        finally:
            self._owner.release()

    def _update(self, operation: Any) -> None:
        self._call(lambda: self._edge.update(operation))

    def _call(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic inside Qdrant is no Exception
            raise StorageError(f"The memory in {self._folder} refused an operation: {error}.") from error

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < _LEAST_FREE_BYTES:
            raise StorageFull(
                f"The disk of {self._folder} has only {free // 1_000_000} MB left; nothing was written.",
                hint=f"Free at least {_LEAST_FREE_BYTES // 1_000_000} MB.",
            )

    @property
    def _data(self) -> Path:
        return self._folder / "shard"

    def _create(self) -> "EdgeShard":
        """Whatever is in the folder without a note beside it is a creation cut short: nothing was ever stored in it."""
        from qdrant_edge import (
            EdgeConfig,
            EdgeShard,
            EdgeSparseVectorParams,
            KeywordIndexParams,
            Modifier,
            UpdateOperation,
        )

        self._check_room()
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir()
        sparse = {name: EdgeSparseVectorParams(modifier=Modifier.Idf) for name in (OWN, WINDOW)}
        edge = self._call(lambda: EdgeShard.create(str(self._data), EdgeConfig(sparse_vectors=sparse, max_search_threads=2)))
        for field in INDEXED:
            schema = KeywordIndexParams(is_tenant=field == "tenant")
            self._call(lambda: edge.update(UpdateOperation.create_field_index(field, schema)))  # noqa: B023
        self._call(edge.flush)
        self._write_about({"format": _FORMAT, "spaces": []})
        return edge

    def _load(self) -> "EdgeShard":
        from qdrant_edge import EdgeShard

        if self._about["format"] > _FORMAT:
            raise StorageError(f"The memory in {self._folder} was written by a newer version.", hint="Upgrade this program.")
        try:
            return EdgeShard.load(str(self._data))
        except Exception as error:
            raise StorageError(
                f"The memory in {self._folder} is damaged: {error}.", hint="Move the folder away and add the documents again."
            ) from error

    def _read_about(self) -> dict[str, Any]:
        try:
            about: dict[str, Any] = json.loads((self._folder / "about.json").read_text())
            about["format"] != _FORMAT or about["spaces"]
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError):
            raise StorageError(
                f"{self._folder / 'about.json'} is damaged.", hint="Move the folder away and add the documents again."
            ) from None
        return about

    def _remove_old_vectors(self) -> None:
        """Those of an older format, of which only the name is known."""
        from qdrant_edge import UpdateOperation

        if self._about["format"] < _FORMAT:
            for name in ("dense", "dense_own", "dense_window"):
                self._update(UpdateOperation.delete_vector_name(name))

    def _write_spaces(self, spaces: Sequence[Space]) -> None:
        noted = [{"name": space.name, "dimensions": space.dimensions} for space in spaces]
        self._write_about({"format": _FORMAT, "spaces": noted})

    def _write_about(self, about: dict[str, Any]) -> None:
        fresh = self._folder / "about.json.new"
        with fresh.open("w") as file:
            json.dump(about, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / "about.json")
        self._about = about


def _filter(where: Where) -> "Filter":
    from qdrant_edge import FieldCondition, Filter, MatchAny, MatchExcept, MatchValue

    like = [
        FieldCondition(key, match=MatchValue(value) if isinstance(value, str) else MatchAny(list(value)))
        for key, value in where.fields.items()
    ]
    return Filter(must=[*like, *(FieldCondition(key, match=MatchExcept([value])) for key, value in where.unlike.items())])


def _forced_to_disk(log: Path) -> bool:
    """``False``: Qdrant renamed or removed a segment meanwhile, so what it is called now is not known."""
    for file in [*log.iterdir(), log]:
        try:
            descriptor = os.open(file, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return True


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for thing in things:
        batch.append(thing)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _uuid(record: "Record") -> UUID:
    return cast(UUID, record.id)
