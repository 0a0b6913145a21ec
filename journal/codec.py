"""Events as they are stored: a few plain columns around compact JSON, read back for as long as journals live.

Data is written without the fields that hold their defaults, so **a default of a persisted value never changes**: a new
one is given where the value is made. Kinds whose defaults are choices of the day are written whole (``EventData.whole``).
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from journal import events as ev
from journal.errors import SchemaTooNew, StorageError
from journal.events import Event, EventData, Forgotten
from journal.store import BLOB_BYTES, utc

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970 (UTC). Raises ``ValueError`` for a naive time."""
    return (utc(moment) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC time ``micros`` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class StoredEvent(NamedTuple):
    """One event as columns.

    ``data`` holds the JSON; where it is ``None``, ``digest`` (SHA-256 of the JSON, 32 bytes) names the blob that holds
    it, or, with ``forgotten_at`` set, is all that is left of it. Times are microseconds since 1970.
    """

    seq: int
    kind: str
    schema_version: int
    at: int
    epoch: int
    intent_key: str | None
    data: str | None
    digest: bytes | None
    forgotten_at: int | None


class Blob(NamedTuple):
    """A large payload: ``digest`` is the SHA-256 of what ``data`` (zlib) unpacks to; ``size`` is its length in bytes."""

    digest: bytes
    size: int
    data: bytes


def payload_digest(payload: str) -> bytes:
    """What names a payload in blobs and tombstones: its SHA-256, 32 bytes."""
    return hashlib.sha256(payload.encode()).digest()


def offload(events: Sequence[StoredEvent]) -> tuple[list[StoredEvent], list[Blob]]:
    """The same events, with the data that is larger than ``BLOB_BYTES`` moved into blobs."""
    kept, blobs = [], []
    for event in events:
        blob = _blob(event.data) if event.data is not None and len(event.data) > BLOB_BYTES // 4 else None
        if blob is not None:
            blobs.append(blob)
            kept.append(event._replace(data=None, digest=blob.digest))
        else:
            kept.append(event)
    return kept, blobs


def _blob(data: str) -> Blob | None:
    payload = data.encode()
    if len(payload) <= BLOB_BYTES:
        return None
    return Blob(hashlib.sha256(payload).digest(), len(payload), zlib.compress(payload))


class Codec:
    """Turns events into columns and back. ``upcasts`` maps (kind, version) to what makes the next version's data of it."""

    def __init__(self, kinds: Mapping[str, type[EventData]], upcasts: Mapping[tuple[str, int], Upcast] | None = None) -> None:
        self._kinds = dict(kinds)
        self.upcasts = dict(upcasts or {})

    def encode(self, event: Event) -> StoredEvent:
        """The event's columns, its data inline however large it is (see ``offload``)."""
        data = event.data
        at = to_micros(event.at)
        if isinstance(data, Forgotten):
            digest = bytes.fromhex(data.digest)
            return StoredEvent(event.seq, data.was, 0, at, event.epoch, event.intent_key, None, digest, at)
        payload = data.__pydantic_serializer__.to_json(data, exclude_defaults=not data.whole).decode()
        return StoredEvent(event.seq, data.kind, data.schema_version, at, event.epoch, event.intent_key, payload, None, None)

    def decode(self, stored: StoredEvent, blob: bytes | None = None) -> Event:
        """The event that ``encode`` was given; ``blob`` is the packed payload where the data is in one."""
        seq, kind, version, at, epoch, intent_key, payload, digest, forgotten_at = stored
        data: EventData
        if forgotten_at is not None:
            data = Forgotten(was=kind, digest=digest.hex() if digest else "")
        elif payload is not None:
            data = self._data(kind, version, payload)
        elif blob is not None:
            data = self._data(kind, version, zlib.decompress(blob))
        else:
            raise StorageError(f"The blob of event {seq} ({kind}) is missing: the database has been damaged from outside.")
        return Event(seq, _EPOCH + timedelta(microseconds=at), epoch, data, intent_key)

    def _data(self, kind: str, version: int, payload: str | bytes) -> EventData:
        cls = self._kinds.get(kind)
        if cls is None or version > cls.schema_version:
            raise SchemaTooNew(
                f"The journal holds an event `{kind}` of version {version}, which this version of Journeyman does not know.",
                hint="Upgrade Journeyman to the version that wrote it.",
            )
        if version == cls.schema_version:
            return cls.__pydantic_validator__.validate_json(payload)  # type: ignore[no-any-return]
        fields = json.loads(payload)
        for old in range(version, cls.schema_version):
            fields = self.upcasts[kind, old](fields)
        return cls.model_validate_json(json.dumps(fields))


KINDS: dict[str, type[EventData]] = {
    cls.kind: cls
    for cls in vars(ev).values()
    if isinstance(cls, type) and issubclass(cls, EventData) and cls not in (EventData, Forgotten)
}
"""Every kind a journal may hold."""

CODEC = Codec(KINDS)
"""The codec of this version. Upcasts from older versions of a kind are added here."""
