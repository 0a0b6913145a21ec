"""How items and sources are written in the store: their ids, payloads and the texts they are found by."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from memory.ingest.loaders import Source
from memory.items import MemoryItem
from trust.digest import canonical_json, digest_bytes
from trust.labels import Label

ITEM = "item"
RECORD = "record"

MOST_NEIGHBOURS = 4
"""So many texts on each side are neighbours at most."""

SIDE_CHARS = 500
"""How much text on each side of an item belongs to its window, measured on conversations: one neighbour is too little context
for a short message, and a whole page drowns it."""

_IDS = UUID("5b0c1f0e-6c56-4d0f-9a55-0f7e8f0d7c11")


@dataclass(frozen=True, slots=True)
class Texts:
    """What one item is indexed by: its own text under its headings, and the same with its neighbours and its source."""

    own: str
    window: str


def item_id(tenant: str, namespace: str, source: str, text_digest: str, occurrence: int) -> UUID:
    """An item keeps its id as long as its source holds the same text; ``occurrence`` tells equal texts apart, from 0."""
    return uuid5(_IDS, canonical_json([tenant, namespace, source, text_digest, occurrence]).decode())


def record_id(tenant: str, namespace: str, source: str) -> UUID:
    return uuid5(_IDS, canonical_json([tenant, namespace, source]).decode())


def item_payloads(tenant: str, namespace: str, source: Source, now: datetime) -> Iterator[tuple[UUID, dict[str, Any]]]:
    seen: Counter[str] = Counter()
    for ordinal, piece in enumerate(source.pieces):
        text_digest = digest_bytes(piece.text.encode("utf-8", "surrogatepass"))
        uid = item_id(tenant, namespace, source.name, text_digest, seen[text_digest])
        seen[text_digest] += 1
        yield (
            uid,
            {
                "kind": ITEM,
                "tenant": tenant,
                "namespace": namespace,
                "source": source.name,
                "digest": source.digest,
                "ordinal": ordinal,
                "position": piece.position,
                "heading": piece.heading,
                "text": piece.text,
                "text_digest": text_digest,
                "label": source.label.model_dump(mode="json"),
                "created_at": now.isoformat(),
                "metadata": source.metadata,
            },
        )


def record_payload(tenant: str, namespace: str, source: Source, space: str) -> dict[str, Any]:
    """What is known of a source. It is written after its items, so a source cut short by a crash is read again.

    ``space`` is the name of the dense vectors that all its items have, and is empty where one is missing.
    """
    return {
        "kind": RECORD,
        "tenant": tenant,
        "namespace": namespace,
        "source": source.name,
        "digest": source.digest,
        "origin": source.origin,
        "space": space,
    }


def to_item(uid: UUID, payload: dict[str, Any]) -> MemoryItem:
    return MemoryItem(
        id=str(uid),
        tenant=payload["tenant"],
        namespace=payload["namespace"],
        text=payload["text"],
        source=payload["source"],
        position=payload["position"],
        label=Label.model_validate(payload["label"]),
        created_at=datetime.fromisoformat(payload["created_at"]),
        heading=payload["heading"],
        metadata=payload["metadata"],
    )


def texts_of(payloads: Sequence[dict[str, Any]]) -> list[Texts]:
    """The texts of one source's items, given in their order."""
    texts = [payload["text"] for payload in payloads]
    found = []
    for number, payload in enumerate(payloads):
        around = "\n".join(texts[at] for at in window(texts, number))
        heading = payload["heading"]
        found.append(
            Texts(f"{heading}\n{texts[number]}" if heading else texts[number], f"{payload['source']}\n{heading}\n{around}")
        )
    return found


def window(texts: Sequence[str], at: int) -> range:
    """The places of a text and its neighbours: one on each side, and of short ones as many as there is room for."""
    first, last = at, at
    while first > 0 and _is_near(texts[first - 1 : at]):
        first -= 1
    while last + 1 < len(texts) and _is_near(texts[at + 1 : last + 2]):
        last += 1
    return range(first, last + 1)


def _is_near(between: Sequence[str]) -> bool:
    return len(between) == 1 or (len(between) <= MOST_NEIGHBOURS and sum(map(len, between)) <= SIDE_CHARS)
