"""Messages that come one by one: short documents numbered under one name (``chat-7#12``, ``D1:3``) are each other's
neighbours, as the pieces of one document are."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from memory.points import ITEM, MOST_NEIGHBOURS, SIDE_CHARS, Texts, texts_of
from memory.store import Points, matching, scroll

_NUMBERED = re.compile(r"(?P<stem>.*[^\w\s])(?P<number>[0-9]{1,9})", re.DOTALL)

Entry = tuple[UUID, dict[str, Any]]
"""An item's id and payload."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands in its series. ``width`` is that of its number, which may be padded with zeros."""

    stem: str
    number: int
    width: int

    @property
    def source(self) -> str:
        return f"{self.stem}{self.number:0{self.width}d}"

    def near(self, reach: int) -> Iterator["Place"]:
        """The places around it, itself among them."""
        for number in range(max(0, self.number - reach), self.number + reach + 1):
            yield replace(self, number=number, width=self.width if self.width > len(str(self.number)) else 0)


def place_of(source: str) -> Place | None:
    """``None`` for a name that ends in no number of its own."""
    found = _NUMBERED.fullmatch(source)
    return Place(found["stem"], int(found["number"]), len(found["number"])) if found else None


def group_of(source: str) -> str:
    """What documents share whose neighbourhoods touch: the name of their series, else their own."""
    place = place_of(source)
    return place.stem if place else source


def is_message(payloads: Iterable[dict[str, Any]]) -> bool:
    """Whether a document of these items is short enough to be one message of a series."""
    texts = [payload["text"] for payload in payloads]
    return len(texts) == 1 and len(texts[0]) <= SIDE_CHARS


async def neighbourhoods(
    points: Points, tenant: str, namespace: str, changed: Mapping[str, Entry | None]
) -> dict[UUID, tuple[Entry, Texts]]:
    """Of the series that the changed messages are in (``None``: gone), each message whose neighbours change, with what it is
    found by from then on."""
    places = [place for source in changed if (place := place_of(source))]
    if not places:
        return {}
    touched = {near.source for place in places for near in place.near(MOST_NEIGHBOURS)}
    known = {near.source for place in places for near in place.near(2 * MOST_NEIGHBOURS)} - changed.keys()
    entries = await _stored(points, tenant, namespace, known) | {name: entry for name, entry in changed.items() if entry}
    return {
        entry[0]: (entry, texts)
        for run in _runs(entries)
        for entry, texts in zip(run, texts_of([payload for _, payload in run]), strict=True)
        if entry[1]["source"] in touched
    }


async def _stored(points: Points, tenant: str, namespace: str, sources: Iterable[str]) -> dict[str, Entry]:
    found: dict[str, list[Entry]] = {}
    where = matching(kind=ITEM, tenant=tenant, namespace=namespace, source=sorted(sources))
    for entry in await scroll(points, where):
        found.setdefault(entry[1]["source"], []).append(entry)
    return {source: items[0] for source, items in found.items() if is_message(payload for _, payload in items)}


def _runs(entries: Mapping[str, Entry]) -> Iterator[list[Entry]]:
    """The messages in series without gaps, each series in its order."""
    placed = sorted((place.stem, place.number, source) for source in entries if (place := place_of(source)))
    run: list[Entry] = []
    last: tuple[str, int] | None = None
    for stem, number, source in placed:
        if run and last != (stem, number - 1):
            yield run
            run = []
        run.append(entries[source])
        last = (stem, number)
    if run:
        yield run
