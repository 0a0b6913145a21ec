"""Events of released versions: each stored line still reads as it did, and is written the same way."""

import json
from pathlib import Path

import pytest

from journal.codec import CODEC, KINDS, StoredEvent
from journal.events import Event
from tests.golden.released_0_1 import EVENTS

FILE = Path(__file__).with_name("events-0.1.jsonl")


def line(event: Event) -> str:
    """A stored event as a line: its columns as JSON, the digest as hexadecimal digits."""
    columns = CODEC.encode(event)._asdict()
    return json.dumps(columns | {"digest": columns["digest"] and columns["digest"].hex()}, ensure_ascii=False)


def stored(text: str) -> StoredEvent:
    columns = json.loads(text)
    return StoredEvent(**columns | {"digest": columns["digest"] and bytes.fromhex(columns["digest"])})


LINES = FILE.read_text(encoding="utf-8").split("\n")[:-1]


def test_every_kind_has_a_line() -> None:
    assert {json.loads(text)["kind"] for text in LINES} == set(KINDS)
    assert {event.kind for event in EVENTS if event.data.kind != "forgotten"} == set(KINDS)


def test_every_field_of_every_kind_is_set_in_some_line() -> None:
    written: dict[str, set[str]] = {}
    for text in LINES:
        columns = json.loads(text)
        if columns["data"] is not None:
            written.setdefault(columns["kind"], set()).update(json.loads(columns["data"]))
    fields = {kind: set(cls.model_fields) - {"outcome"} for kind, cls in KINDS.items()}
    assert {kind: fields[kind] - names for kind, names in written.items()} == {kind: set() for kind in KINDS}


def test_there_are_as_many_lines_as_events() -> None:
    assert len(LINES) == len(EVENTS)


@pytest.mark.parametrize(("text", "event"), list(zip(LINES, EVENTS, strict=False)), ids=[f"{e.seq}-{e.kind}" for e in EVENTS])
def test_a_line_reads_as_it_did_and_is_written_the_same_way(text: str, event: Event) -> None:
    assert CODEC.decode(stored(text)) == event
    assert line(event) == text
