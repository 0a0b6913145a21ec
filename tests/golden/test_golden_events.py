"""Events of released versions: each stored line still reads as it did, and is written the same way."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from journal.codec import CODEC, KINDS, StoredEvent
from journal.events import Event
from tests.golden import released_0_1, released_0_2, released_0_3

HERE = Path(__file__).parent
RELEASES = {
    "events-0.1.jsonl": released_0_1.EVENTS,
    "events-0.2.jsonl": released_0_2.EVENTS,
    "events-0.3.jsonl": released_0_3.EVENTS,
}


def line(event: Event) -> str:
    """A stored event as a line: its columns as JSON, the digest as hexadecimal digits."""
    columns = CODEC.encode(event)._asdict()
    return json.dumps(columns | {"digest": columns["digest"] and columns["digest"].hex()}, ensure_ascii=False)


def stored(text: str) -> StoredEvent:
    columns = json.loads(text)
    return StoredEvent(**columns | {"digest": columns["digest"] and bytes.fromhex(columns["digest"])})


def lines(file: str) -> list[str]:
    return (HERE / file).read_text(encoding="utf-8").split("\n")[:-1]


def pairs() -> Iterator[tuple[str, Event]]:
    for file, events in RELEASES.items():
        yield from zip(lines(file), events, strict=False)


PAIRS = list(pairs())


def test_every_kind_has_a_line() -> None:
    assert {json.loads(text)["kind"] for text, _ in PAIRS} == set(KINDS)
    assert {event.kind for _, event in PAIRS if event.data.kind != "forgotten"} == set(KINDS)


def test_every_field_of_every_kind_is_set_in_some_line() -> None:
    written: dict[str, set[str]] = {}
    for text, _ in PAIRS:
        columns = json.loads(text)
        if columns["data"] is not None:
            written.setdefault(columns["kind"], set()).update(json.loads(columns["data"]))
    fields = {kind: set(cls.model_fields) - {"outcome"} for kind, cls in KINDS.items()}
    assert {kind: fields[kind] - names for kind, names in written.items()} == {kind: set() for kind in KINDS}


@pytest.mark.parametrize("file", RELEASES)
def test_there_are_as_many_lines_as_events(file: str) -> None:
    assert len(lines(file)) == len(RELEASES[file])


@pytest.mark.parametrize(("text", "event"), PAIRS, ids=[f"{e.seq}-{e.kind}" for _, e in PAIRS])
def test_a_line_reads_as_it_did_and_is_written_the_same_way(text: str, event: Event) -> None:
    assert CODEC.decode(stored(text)) == event
    assert line(event) == text
