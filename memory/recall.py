"""Hybrid recall: each item is looked for by its own words and by those of its neighbourhood, and by meaning where an embedder
is there; the rankings are fused by reciprocal rank."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journal.errors import InvalidInput
from memory.items import Query, Recalled
from memory.points import ITEM, to_item
from memory.shard import DENSE_OWN, DENSE_WINDOW, OWN, WINDOW, Shard, matching
from memory.words import Words

if TYPE_CHECKING:
    from qdrant_edge import QueryRequest

MOST_RESULTS = 200

_RRF_K = 2
"""Small, so that the first few ranks of each list count most; the customary 60 flattens them and finds less."""

_LEAST_CANDIDATES = 50
_WORDS_NAMED = 6


def check(query: Query) -> None:
    """Raises ``InvalidInput``."""
    if not 1 <= query.k <= MOST_RESULTS:
        raise InvalidInput(f"k is {query.k}; it must be from 1 to {MOST_RESULTS}.")


def recall(shard: Shard, words: Words, tenant: str, query: Query, vector: Sequence[float] | None) -> list[Recalled]:
    """The best items, best first, no text twice. ``vector`` is the query's embedding, if there is one. Blocks."""
    names, requests = _requests(words, tenant, query, vector)
    rankings = {name: [uid for uid, _ in found] for name, found in zip(names, shard.search(requests), strict=True)}
    fused = fuse(list(rankings.values()))
    meant = {uid for name in (DENSE_OWN, DENSE_WINDOW) for uid in rankings.get(name, ())[: query.k]}
    return [
        Recalled(to_item(uid, payload), score, _why(words, query.text, payload, uid in meant))
        for uid, score, payload in _distinct(shard, fused, query.k)
    ]


def fuse(rankings: Sequence[Sequence[UUID]]) -> list[tuple[UUID, float]]:
    """Reciprocal rank fusion, scaled so that an item at the head of every ranking that found anything has score 1."""
    rankings = [ranking for ranking in rankings if ranking]
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, uid in enumerate(ranking):
            scores[uid] = scores.get(uid, 0.0) + _RRF_K / (_RRF_K + rank) / len(rankings)
    return sorted(((uid, min(score, 1.0)) for uid, score in scores.items()), key=lambda entry: (-entry[1], entry[0]))


def _requests(
    words: Words, tenant: str, query: Query, vector: Sequence[float] | None
) -> tuple[list[str], list["QueryRequest"]]:
    from qdrant_edge import IdfParams, QueryRequest, SearchParams
    from qdrant_edge import Query as EdgeQuery

    scope = matching(kind=ITEM, tenant=tenant, namespace=query.namespaces, source=query.source)
    # How rare a word is must not be learnt from, nor shifted by, what other tenants have stored.
    rarity = SearchParams(idf=IdfParams(corpus=matching(kind=ITEM, tenant=tenant)))
    limit = max(_LEAST_CANDIDATES, 4 * query.k)
    by_words: Any = words.query(query.text)
    wanted = {OWN: by_words, WINDOW: by_words} if by_words.indices else {}
    if vector is not None:
        wanted |= {DENSE_OWN: list(vector), DENSE_WINDOW: list(vector)}
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


def _why(words: Words, query: str, payload: dict[str, Any], is_meant: bool) -> str:
    shared = words.shared(query, f"{payload['heading']}\n{payload['text']}")
    reasons = [f"has {', '.join(shared[:_WORDS_NAMED])}"] if shared else []
    if is_meant:
        reasons.append("similar in meaning")
    return "; ".join(reasons) or "stands beside a match"
