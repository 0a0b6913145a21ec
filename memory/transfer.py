"""A tenant's memory as lines of JSON, one for each source with its items: to keep, to compare, and to move to another store.

Vectors stay behind: the store that reads the lines makes its own. Ids come out the same under the same tenant.
"""

import json
from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from journal.errors import InvalidInput
from memory.index import Index, known_sources, source_items
from memory.ingest.chunks import Piece
from memory.ingest.loaders import Source
from memory.items import Ingested
from memory.points import RECORD
from memory.store import Points, matching, scroll
from trust.labels import Label

_BATCH_ITEMS = 64

Name = Annotated[str, StringConstraints(min_length=1)]


class ItemLine(BaseModel):
    """One item. ``id`` is for the reader: it follows from the rest."""

    model_config = ConfigDict(extra="forbid")

    id: str
    text: str
    position: str
    heading: str = ""


class SourceLine(BaseModel):
    """One source with its items in their order. ``digest`` lets an ingestion see that nothing has changed."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    namespace: Name
    source: Name
    origin: str
    digest: str
    label: Label
    metadata: dict[str, Any]
    created_at: datetime
    items: list[ItemLine] = Field(min_length=1)

    def as_source(self) -> Source:
        """What the index stores."""
        pieces = tuple(Piece(item.text, item.position, item.heading) for item in self.items)
        return Source(self.source, self.origin, self.digest, pieces, self.label, self.metadata)


async def exported(points: Points, tenant: str, namespace: str | None = None) -> AsyncGenerator[str]:
    """The lines of a tenant's memory, or of one namespace, always in the same order."""
    for _, record in await scroll(points, matching(kind=RECORD, tenant=tenant, namespace=namespace)):
        entries = await source_items(points, tenant, record["namespace"], record["source"])
        if not entries:
            continue
        first = entries[0][1]
        shared = {name: first[name] for name in ("namespace", "source", "label", "metadata", "created_at")}
        items = [
            ItemLine(id=str(uid), text=item["text"], position=item["position"], heading=item["heading"])
            for uid, item in entries
        ]
        line = SourceLine(**shared, origin=record["origin"], digest=record["digest"], items=items)
        yield json.dumps(line.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


async def imported(points: Points, index: Index, tenant: str, lines: Iterable[str]) -> Ingested:
    """Store what the lines hold and the tenant has not; a source that is there unchanged costs nothing, a changed one is
    replaced. Raises ``InvalidInput`` for a line that is none of ``exported``; the lines before it are stored."""
    done = Ingested()
    waiting: list[SourceLine] = []
    try:
        for line in _parsed(lines):
            if waiting and (waiting[0].namespace != line.namespace or _size(waiting) >= _BATCH_ITEMS):
                done = await _stored(points, index, tenant, waiting, done)
                waiting = []
            waiting.append(line)
    finally:
        if waiting:
            done = await _stored(points, index, tenant, waiting, done)
    return done


def _size(lines: list[SourceLine]) -> int:
    return sum(len(line.items) for line in lines)


def _parsed(lines: Iterable[str]) -> Iterator[SourceLine]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            yield SourceLine.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidInput(
                f"Line {number} is no line of a memory export: {where + ': ' if where else ''}{first['msg']}.",
                hint="What stands before it is stored. Mend the line, or export again, and import once more.",
            ) from None


async def _stored(points: Points, index: Index, tenant: str, lines: list[SourceLine], done: Ingested) -> Ingested:
    namespace = lines[0].namespace
    latest = {line.source: line for line in lines}
    known = await known_sources(points, tenant, namespace, list(latest))
    fresh = [line for name, line in latest.items() if name not in known or known[name].digest != line.digest]
    if fresh:
        created = {line.source: line.created_at for line in fresh}
        await index.put(tenant, namespace, [line.as_source() for line in fresh], created=created)
    return Ingested(
        added=done.added + len(fresh),
        unchanged=done.unchanged + len(latest) - len(fresh),
        items=done.items + _size(fresh),
    )
