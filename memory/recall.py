"""Hybrid recall: each item is looked for by its own words, by those of its neighbourhood, and by its meaning where an embedder
is there; the scores of each way are scaled to [0, 1] and averaged. (A neighbourhood's meaning as a fourth way found no more in
conversations, and cost as much as the third.)

Scores are fused and not ranks: with ranks, a chunk that barely has a word of the query and stands beside the answer ties with
the answer itself.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journal.errors import InvalidInput
from memory.items import Query, Recalled
from memory.points import to_item
from memory.shard import DENSE, OWN, WINDOW, Shard, matching
from memory.words import Words

if TYPE_CHECKING:
    from qdrant_edge import QueryRequest

MOST_RESULTS = 200

_LEAST_CANDIDATES = 50
_WORDS_NAMED = 6


def check(query: Query) -> None:
    """Raises ``InvalidInput``."""
    if not 1 <= query.k <= MOST_RESULTS:
        raise InvalidInput(f"k is {query.k}; it must be from 1 to {MOST_RESULTS}.")


def recall(shard: Shard, words: Words, tenant: str, query: Query, vector: Sequence[float] | None) -> list[Recalled]:
    """The best items, best first, no text twice. ``vector`` is the query's embedding, if there is one. Blocks."""
    names, requests = _requests(words, tenant, query, vector)
    found = dict(zip(names, shard.search(requests), strict=True))
    fused = fuse([scale(scored, from_zero=name in (OWN, WINDOW)) for name, scored in found.items() if scored])
    asked = words.asked(query.text)
    meant = {uid for uid, _ in found.get(DENSE, ())[: query.k]}
    return [
        Recalled(to_item(uid, payload), score, _why(words, asked, payload, uid in meant))
        for uid, score, payload in _distinct(shard, fused, query.k)
    ]


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


def _requests(
    words: Words, tenant: str, query: Query, vector: Sequence[float] | None
) -> tuple[list[str], list["QueryRequest"]]:
    from qdrant_edge import IdfParams, QueryRequest, SearchParams
    from qdrant_edge import Query as EdgeQuery

    # Records of sources have no vectors, so nothing need keep them out.
    scope = matching(tenant=tenant, namespace=query.namespaces, source=query.source)
    # How rare a word is must not be learnt from, nor shifted by, what other tenants have stored.
    rarity = SearchParams(idf=IdfParams(corpus=matching(tenant=tenant)))
    limit = max(_LEAST_CANDIDATES, 4 * query.k)
    by_words: Any = words.query(query.text)
    wanted = {OWN: by_words, WINDOW: by_words} if by_words.indices else {}
    if vector is not None:
        wanted |= {DENSE: list(vector)}
    requests = [
        QueryRequest(
            limit, query=EdgeQuery.Nearest(what, using=name), filter=scope, params=rarity if what is by_words else None
        )
        for name, what in wanted.items()
    ]
    return list(wanted), requests


def _distinct(shard: Shard, fused: list[tuple[UUID, float]], k: int) -> list[tuple[UUID, float, dict[str, Any]]]:
    """The first ``k`` with different texts."""
    chosen: list[tuple[UUID, float, dict[str, Any]]] = []
    seen: set[str] = set()
    for start in range(0, len(fused), k):
        page = fused[start : start + k]
        payloads = shard.get([uid for uid, _ in page])
        for uid, score in page:
            payload = payloads.get(uid)
            if payload is not None and payload["text_digest"] not in seen:
                seen.add(payload["text_digest"])
                chosen.append((uid, score, payload))
        if len(chosen) >= k:
            break
    return chosen[:k]


def _why(words: Words, asked: dict[str, set[int]], payload: dict[str, Any], is_meant: bool) -> str:
    has = set(words.own(f"{payload['heading']}\n{payload['text']}").indices)
    shared = [word for word, indices in asked.items() if indices & has]
    reasons = [f"has {', '.join(shared[:_WORDS_NAMED])}"] if shared else []
    if is_meant:
        reasons.append("similar in meaning")
    return "; ".join(reasons) or "stands beside a match"
