"""Attacks that a person confirmed, kept in Qdrant: what resembles one of them is suspicious.

They lie in a shelf of their own behind each tenant's, so that no search of the tenant's memory ever brings one to a model.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from agents.guard.detectors import CannotTell, Finding
from agents.guard.fields import Passage
from agents.task_log import TaskLog
from journal.errors import InvalidInput, JourneymanError
from llm.embedders.embedder import Embedder
from memory.items import Document, Memory, MemoryItem, Query
from trust.digest import digest
from trust.hidden_text import strip_hidden
from trust.labels import Label, Trust, Visibility

NAMESPACE = "guard.attacks"
MAX_CHARS = 4_000
_CANDIDATES = 5
_ALIKE = 0.85
"""From here on two vectors mean the same; below, embedders differ too much in what a number means."""


class Attacks:
    """The confirmed attacks of every tenant."""

    def __init__(self, memory: Memory, embedder: Embedder | None = None) -> None:
        self._memory = memory
        self._embedder = embedder

    async def confirm(self, tenant: str, text: str, *, by: str) -> MemoryItem:
        """Remember a text as an attack. The same text twice is one. Raises ``InvalidInput``."""
        plain = strip_hidden(text).text.strip()[:MAX_CHARS]
        if len(plain.split()) < 3:
            raise InvalidInput("An attack of fewer than three words would resemble nearly everything.")
        name = f"attack {digest(plain)[:16]}"
        label = Label(sources=("guard",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
        document = Document(plain, name, label, metadata={"by": by, "at": datetime.now(UTC).isoformat()})
        await self._memory.add(_shelf(tenant), NAMESPACE, [document])
        return (await self._memory.items(_shelf(tenant), namespace=NAMESPACE, source=name, limit=1))[0]

    async def list(self, tenant: str, *, limit: int = 200) -> list[MemoryItem]:
        """The tenant's confirmed attacks."""
        return await self._memory.items(_shelf(tenant), namespace=NAMESPACE, limit=limit)

    async def forget(self, tenant: str, attack_id: str) -> None:
        """Forget one that was none. Raises ``NotFound``."""
        await self._memory.forget(_shelf(tenant), attack_id)

    async def resemblance(self, tenant: str, text: str) -> tuple[float, str]:
        """How much ``text`` resembles the nearest confirmed attack, in [0, 1], and its id."""
        query = Query(text[:MAX_CHARS], k=_CANDIDATES, namespaces=(NAMESPACE,))
        near = [hit.item for hit in await self._memory.search(_shelf(tenant), query)]
        if not near:
            return 0.0, ""
        alike = [_contained(item.text, text) for item in near]
        if self._embedder is not None:
            vectors = await self._embedder.embed([text[:MAX_CHARS], *(item.text for item in near)], "document")
            cosines = [_cosine(vectors[0], vector) for vector in vectors[1:]]
            alike = [max(words, cosine if cosine >= _ALIKE else 0.0) for words, cosine in zip(alike, cosines, strict=True)]
        best = max(range(len(near)), key=alike.__getitem__)
        return alike[best], near[best].id


class PastAttacks:
    """Compares each passage with the confirmed attacks."""

    name = "attacks"

    def __init__(self, attacks: Attacks, threshold: float) -> None:
        self._attacks = attacks
        self._threshold = threshold

    async def look(self, log: TaskLog, call_id: str, passages: Sequence[Passage]) -> list[Finding]:
        found = []
        try:
            for passage in passages:
                score, attack_id = await self._attacks.resemblance(log.state.tenant, passage.text)
                if score >= self._threshold:
                    found.append(Finding(passage, round(score, 3), f"resembles the confirmed attack {attack_id}"))
        except JourneymanError as error:
            raise CannotTell(error.message) from None
        return found


def _shelf(tenant: str) -> str:
    return f"{tenant}\x1fguard"


def _contained(attack: str, text: str) -> float:
    """The share of the attack's pairs of neighbouring words that the text has too."""
    pairs = _pairs(attack)
    return len(pairs & _pairs(text)) / len(pairs) if pairs else 0.0


def _pairs(text: str) -> set[tuple[str, str]]:
    words = [word.strip(".,;:!?\"'()[]<>").lower() for word in text.split()]
    return set(pairwise(words))


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    length = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0
