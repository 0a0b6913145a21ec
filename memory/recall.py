"""Hybrid recall: each item is looked for by its own words, by those of its neighbourhood, and by its meaning where an embedder
is there; the scores of each way are scaled to [0, 1] and averaged. (A neighbourhood's meaning as a fourth way found no more in
conversations, and cost as much as the third.)

Scores are fused and not ranks: with ranks, a chunk that barely has a word of the query and stands beside the answer ties with
the answer itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from journal.errors import InvalidInput
from memory.items import Query, Recalled
from memory.points import to_item
from memory.store import OWN, WINDOW, Payload, Points, Vectors, matching
from memory.words import Words

MOST_RESULTS = 200

_LEAST_CANDIDATES = 50
_WORDS_NAMED = 6


def check(query: Query) -> None:
    """Raises ``InvalidInput``."""
    if not 1 <= query.k <= MOST_RESULTS:
        raise InvalidInput(f"k is {query.k}; it must be from 1 to {MOST_RESULTS}.")


async def recall(points: Points, words: Words, tenant: str, query: Query, meaning: Vectors) -> list[Recalled]:
    """The best items, best first, no text twice. ``meaning`` is the query's dense vector by its name, if there is one."""
    by_words = await asyncio.to_thread(words.query, query.text)
    vectors = ({OWN: by_words, WINDOW: by_words} if by_words.indices else {}) | meaning
    if not vectors:
        return []
    # Records of sources have no vectors, so nothing need keep them out.
    scope = matching(tenant=tenant, namespace=query.namespaces, source=query.source)
    limit = max(_LEAST_CANDIDATES, 4 * query.k)
    # How rare a word is must not be learnt from, nor shifted by, what other tenants have stored.
    found = await points.search(vectors, scope, limit=limit, corpus=matching(tenant=tenant))
    fused = fuse([scale(scored, from_zero=name in (OWN, WINDOW)) for name, scored in found.items() if scored])
    chosen = await _distinct(points, fused, query.k)
    meant = {uid for name in meaning for uid, _ in found[name][: query.k]}
    return await asyncio.to_thread(_explained, words, query.text, chosen, meant)


def scale(scored: Sequence[tuple[UUID, float]], *, from_zero: bool) -> dict[UUID, float]:
    """Scores between 0 and 1, given best first. What BM25 does not find has no word of the query and counts as 0; similarities
    have no such floor, so the lowest of them is taken."""
    top, floor = scored[0][1], 0.0 if from_zero else scored[-1][1]
    return {uid: (score - floor) / (top - floor) if top > floor else 1.0 for uid, score in scored}


def fuse(ways: Sequence[dict[UUID, float]]) -> list[tuple[UUID, float]]:
    """The mean of an item's scores, best first; where a way has not found it, it scores 0 there."""
    scores: dict[UUID, float] = {}
    for way in ways:
        for uid, score in way.items():
            scores[uid] = scores.get(uid, 0.0) + score / len(ways)
    return sorted(((uid, min(score, 1.0)) for uid, score in scores.items()), key=lambda entry: (-entry[1], entry[0]))


async def _distinct(points: Points, fused: list[tuple[UUID, float]], k: int) -> list[tuple[UUID, float, Payload]]:
    """The first ``k`` with different texts."""
    chosen: list[tuple[UUID, float, Payload]] = []
    seen: set[str] = set()
    for start in range(0, len(fused), k):
        page = fused[start : start + k]
        payloads = await points.get([uid for uid, _ in page])
        for uid, score in page:
            payload = payloads.get(uid)
            if payload is not None and payload["text_digest"] not in seen:
                seen.add(payload["text_digest"])
                chosen.append((uid, score, payload))
        if len(chosen) >= k:
            break
    return chosen[:k]


def _explained(words: Words, text: str, chosen: Sequence[tuple[UUID, float, Payload]], meant: set[UUID]) -> list[Recalled]:
    asked = words.asked(text)
    return [
        Recalled(to_item(uid, payload), score, _why(words, asked, payload, uid in meant)) for uid, score, payload in chosen
    ]


def _why(words: Words, asked: dict[str, set[int]], payload: dict[str, Any], is_meant: bool) -> str:
    has = set(words.own(f"{payload['heading']}\n{payload['text']}").indices)
    shared = [word for word, indices in asked.items() if indices & has]
    reasons = [f"has {', '.join(shared[:_WORDS_NAMED])}"] if shared else []
    if is_meant:
        reasons.append("similar in meaning")
    return "; ".join(reasons) or "stands beside a match"
