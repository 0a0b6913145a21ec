"""Events as columns and back: versions, blobs, tombstones, and kinds nobody knows."""

import json
import zlib
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.codec import CODEC, KINDS, Codec, from_micros, offload, payload_digest, to_micros
from journal.errors import SchemaTooNew, StorageError
from journal.events import Event, EventData, Forgotten, MessageReceived, TaskSubmitted
from journal.store import BLOB_BYTES
from journal.values import Budget

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def said(text: str) -> Event:
    return Event(7, AT, 3, MessageReceived(text=text, by="ann"), "ab" * 32)


def test_defaults_are_not_stored() -> None:
    assert json.loads(CODEC.encode(said("hi")).data or "") == {"text": "hi", "by": "ann"}


def test_a_budget_is_stored_whole_because_its_defaults_may_change() -> None:
    data = TaskSubmitted(goal="g", agent="a", planner="p", budget=Budget())
    stored = json.loads(CODEC.encode(Event(1, AT, 0, data)).data or "")
    assert stored["budget"] == Budget().model_dump()


@given(st.text())
def test_any_text_survives(text: str) -> None:
    event = said(text)
    assert CODEC.decode(CODEC.encode(event)) == event


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])))
def test_times_keep_their_microseconds(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        to_micros(datetime(2026, 1, 1))


@pytest.mark.parametrize(("size", "moved"), [(BLOB_BYTES, False), (BLOB_BYTES + 1, True)])
def test_payloads_over_the_limit_move_to_a_compressed_blob(size: int, moved: bool) -> None:
    empty = len((CODEC.encode(said("")).data or "").encode())
    event = said("é" * ((size - empty) // 2) + "x" * ((size - empty) % 2))
    stored = CODEC.encode(event)
    payload = stored.data or ""
    assert len(payload.encode()) == size
    (kept,), blobs = offload([stored])
    assert (kept.data is None, len(blobs)) == (moved, int(moved))
    if moved:
        (blob,) = blobs
        assert (blob.digest, blob.size) == (sha256(payload.encode()).digest(), size) == (kept.digest, size)
        assert zlib.decompress(blob.data).decode() == payload
        assert CODEC.decode(kept, blob.data) == event


def test_a_missing_blob_is_a_clear_error() -> None:
    (kept,), _ = offload([CODEC.encode(said("x" * 9000))])
    with pytest.raises(StorageError, match=r"blob of event 7 \(message\.received\) is missing"):
        CODEC.decode(kept)


def test_a_tombstone_keeps_kind_and_digest() -> None:
    stored = CODEC.encode(said("hi"))
    digest = payload_digest(stored.data or "")
    event = CODEC.decode(stored._replace(data=None, digest=digest, forgotten_at=1))
    assert event == Event(7, AT, 3, Forgotten(was="message.received", digest=digest.hex()), "ab" * 32)
    assert event.kind == "message.received"
    assert CODEC.decode(CODEC.encode(event)) == event


@pytest.mark.parametrize("change", [{"kind": "dream.dreamt"}, {"schema_version": 99}])
def test_what_a_newer_version_wrote_is_refused_by_name(change: dict[str, Any]) -> None:
    stored = CODEC.encode(said("hi"))._replace(**change)
    with pytest.raises(SchemaTooNew, match=f"`{stored.kind}` of version {stored.schema_version}") as caught:
        CODEC.decode(stored)
    assert "Upgrade" in caught.value.hint


def test_unknown_fields_of_a_newer_minor_version_are_ignored() -> None:
    stored = CODEC.encode(said("hi"))
    assert CODEC.decode(stored._replace(data=(stored.data or "")[:-1] + ',"mood":"gay"}')) == said("hi")


class MovedV3(EventData):
    kind = "moved"
    schema_version: ClassVar[int] = 3

    where: str
    metres: float


def test_old_versions_are_raised_step_by_step() -> None:
    codec = Codec(
        {"moved": MovedV3},
        {
            ("moved", 1): lambda old: {"where": old["to"], "feet": old["feet"]},
            ("moved", 2): lambda old: {"where": old["where"], "metres": old["feet"] * 0.3048},
        },
    )
    new = Event(1, AT, 1, MovedV3(where="home", metres=3.048))
    current = codec.encode(new)
    assert current.schema_version == 3
    assert codec.decode(current) == new
    for version, data in ((1, '{"to":"home","feet":10}'), (2, '{"where":"home","feet":10}')):
        old = codec.decode(current._replace(schema_version=version, data=data))
        assert old.data == MovedV3(where="home", metres=10 * 0.3048)


def test_every_kind_is_known_under_its_own_name() -> None:
    assert all(cls.kind == kind for kind, cls in KINDS.items())
    assert "task.submitted" in KINDS
    assert "forgotten" not in KINDS


def test_upcasts_cover_every_released_version() -> None:
    for kind, cls in KINDS.items():
        assert {(kind, old) for old in range(1, cls.schema_version)} <= set(CODEC.upcasts)
