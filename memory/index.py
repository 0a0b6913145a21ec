"""Writing to the store: sources come, change and go, and each item keeps the vectors it is found by."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from memory.ingest.loaders import Source
from memory.ingest.pipeline import Known
from memory.points import ITEM, MOST_NEIGHBOURS, RECORD, Texts, item_payloads, record_id, record_payload, texts_of
from memory.series import Entry, group_of, is_message, neighbourhoods
from memory.shard import OWN, WINDOW, Shard, matching
from memory.shard_thread import ShardThread
from memory.vectors import DenseVectors
from memory.words import Words

_SLICE = 64
"""Items embedded and written in one go."""


class Index:
    """All changes to items and to the records of their sources."""

    def __init__(self, thread: ShardThread, words: Words, dense: DenseVectors | None) -> None:
        self._thread = thread
        self._words = words
        self._dense = dense
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def put(self, tenant: str, namespace: str, sources: Sequence[Source]) -> None:
        """Store each source in the place of what was known under its name."""
        async with self._hold(tenant, namespace, [source.name for source in sources]):
            entries = [list(item_payloads(tenant, namespace, source, datetime.now(UTC))) for source in sources]
            messages = {s.name: e[0] for s, e in zip(sources, entries, strict=True) if is_message(p for _, p in e)}
            around = await self._thread.run(neighbourhoods, tenant, namespace, messages)
            space = await self._put_items(entries, around)
            await self._thread.run(_commit, tenant, namespace, sources, space)
            await self._mend(around)

    async def remove(self, tenant: str, namespace: str, names: Sequence[str]) -> None:
        """Forget sources altogether."""
        async with self._hold(tenant, namespace, names):
            where = matching(tenant=tenant, namespace=namespace, source=names)
            await self._thread.run(Shard.delete_matching, where)
            await self._mend(await self._thread.run(neighbourhoods, tenant, namespace, dict.fromkeys(names)))

    async def forget(self, uid: UUID) -> None:
        """Remove one item, also from what its neighbours are found by; with a source's last item, the source."""
        payload = (await self._thread.run(Shard.get, [uid])).get(uid)
        if payload is None:
            return
        tenant, namespace, source = payload["tenant"], payload["namespace"], payload["source"]
        async with self._hold(tenant, namespace, [source]):
            await self._thread.run(Shard.delete, [uid])
            rest = await self._thread.run(source_items, tenant, namespace, source)
            if not rest:
                await self._thread.run(Shard.delete, [record_id(tenant, namespace, source)])
                await self._mend(await self._thread.run(neighbourhoods, tenant, namespace, {source: None}))
            behind = next((at for at, (_, other) in enumerate(rest) if other["ordinal"] > payload["ordinal"]), len(rest))
            texts = texts_of([payload for _, payload in rest])
            near = slice(max(0, behind - MOST_NEIGHBOURS), behind + MOST_NEIGHBOURS)
            await self._mend({entry[0]: (entry, text) for entry, text in zip(rest[near], texts[near], strict=True)})

    async def catch_up(self) -> None:
        """Embed what was stored while no embedder could be reached, or by another one."""
        if self._dense is None or not self._dense.lacking:
            return
        self._dense.lacking = False
        for _, record in await self._thread.run(lambda shard: list(shard.scroll(matching(kind=RECORD)))):
            if record["space"] == self._dense.name:
                continue
            async with self._hold(record["tenant"], record["namespace"], [record["source"]]):
                await self._embed_source(record["tenant"], record["namespace"], record["source"])
            if self._dense.rests:
                self._dense.lacking = True
                return

    @asynccontextmanager
    async def _hold(self, tenant: str, namespace: str, sources: Sequence[str]) -> AsyncIterator[None]:
        """Whoever changes a source holds its lock, so that two changes of one source, or of one series, do not mix."""
        names = sorted({record_id(tenant, namespace, group_of(source)) for source in sources})
        locks = [self._locks.setdefault(name, asyncio.Lock()) for name in names]
        async with AsyncExitStack() as stack:
            for lock in locks:
                await stack.enter_async_context(lock)
            yield

    async def _put_items(self, sources: Sequence[Sequence[Entry]], around: dict[UUID, tuple[Entry, Texts]]) -> str:
        """Write each source's items; takes those out of ``around`` that are written. Returns the space that all of the items
        have dense vectors of."""
        items: list[tuple[UUID, dict[str, Any], Texts]] = []
        for entries in sources:
            texts = texts_of([payload for _, payload in entries])
            for (uid, payload), text in zip(entries, texts, strict=True):
                items.append((uid, payload, around.pop(uid)[1] if uid in around else text))
        complete = self._dense is not None
        for start in range(0, len(items), _SLICE):
            part = items[start : start + _SLICE]
            dense = await self._dense.of_items([texts.own for _, _, texts in part]) if self._dense else None
            complete = complete and dense is not None
            await self._thread.run(self._write, part, dense or [{} for _ in part])
        if self._dense and not complete:
            self._dense.lacking = True
        return self._dense.name if self._dense and complete else ""

    def _write(
        self, shard: Shard, items: Sequence[tuple[UUID, dict[str, Any], Texts]], dense: Sequence[dict[str, Any]]
    ) -> None:
        shard.put(
            (uid, {OWN: self._words.own(texts.own), WINDOW: self._words.window(texts.window), **named}, payload)
            for (uid, payload, texts), named in zip(items, dense, strict=True)
        )

    async def _mend(self, found: dict[UUID, tuple[Entry, Texts]]) -> None:
        """Let stored items be found by their new neighbours."""
        if not found:
            return
        windows = [(uid, {WINDOW: self._words.window(texts.window)}) for uid, (_, texts) in found.items()]
        await self._thread.run(Shard.set_vectors, windows)

    async def _embed_source(self, tenant: str, namespace: str, source: str) -> None:
        assert self._dense is not None
        items = await self._thread.run(source_items, tenant, namespace, source)
        texts = [text.own for text in texts_of([payload for _, payload in items])]
        for start in range(0, len(items), _SLICE):
            vectors = await self._dense.of_items(texts[start : start + _SLICE])
            if vectors is None:
                return
            ids = [uid for uid, _ in items[start : start + _SLICE]]
            await self._thread.run(Shard.set_vectors, list(zip(ids, vectors, strict=True)))
        record = record_id(tenant, namespace, source)
        await self._thread.run(Shard.set_payload, record, {"space": self._dense.name})


def known_sources(shard: Shard, tenant: str, namespace: str, names: Sequence[str] | None) -> dict[str, Known]:
    """What the namespace has of these sources, or of all."""
    if names is None:
        records = [payload for _, payload in shard.scroll(matching(kind=RECORD, tenant=tenant, namespace=namespace))]
    else:
        records = list(shard.get([record_id(tenant, namespace, name) for name in names]).values())
    return {record["source"]: Known(record["digest"], record["origin"]) for record in records}


def source_items(shard: Shard, tenant: str, namespace: str, source: str) -> list[tuple[UUID, dict[str, Any]]]:
    """The items of one source in the order in which they stand in it."""
    found = shard.scroll(matching(kind=ITEM, tenant=tenant, namespace=namespace, source=source))
    return sorted(found, key=lambda entry: entry[1]["ordinal"])


def _commit(shard: Shard, tenant: str, namespace: str, sources: Sequence[Source], space: str) -> None:
    """The items are there: record their sources, then let go of what the old versions had and the new ones have not."""
    ids = {source.name: record_id(tenant, namespace, source.name) for source in sources}
    replaced = shard.get(list(ids.values()))
    shard.put((ids[source.name], {}, record_payload(tenant, namespace, source, space)) for source in sources)
    for source in sources:
        if ids[source.name] in replaced:
            shard.delete_matching(_other_versions(tenant, namespace, source))


def _other_versions(tenant: str, namespace: str, source: Source) -> Any:
    from qdrant_edge import FieldCondition, Filter, MatchExcept

    where = matching(kind=ITEM, tenant=tenant, namespace=namespace, source=source.name)
    return Filter(must=[*(where.must or []), FieldCondition("digest", match=MatchExcept([source.digest]))])
