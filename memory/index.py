"""Writing to the store: sources come, change and go, and each item keeps the vectors it is found by."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID
from weakref import WeakValueDictionary

from memory.ingest.loaders import Source
from memory.ingest.pipeline import Known
from memory.points import ITEM, MOST_NEIGHBOURS, RECORD, Texts, item_payloads, record_id, record_payload, texts_of
from memory.series import Entry, group_of, is_message, neighbourhoods
from memory.store import OWN, WINDOW, Payload, Points, Vectors, Where, matching, scroll
from memory.vectors import DenseVectors
from memory.words import Words

_ATTEMPTS = 4
_SLICE = 64
"""Items embedded and written in one go."""


class Index:
    """All changes to items and to the records of their sources."""

    def __init__(self, points: Points, words: Words, dense: DenseVectors | None) -> None:
        self._points = points
        self._words = words
        self._dense = dense
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def put(
        self, tenant: str, namespace: str, sources: Sequence[Source], *, created: Mapping[str, datetime] | None = None
    ) -> None:
        """Store each source in the place of what was known under its name; ``created`` says since when it is known, if not
        from now on."""
        now = datetime.now(UTC)
        since = created or {}
        async with self._hold(tenant, namespace, [source.name for source in sources]):
            entries = [list(item_payloads(tenant, namespace, s, since.get(s.name, now))) for s in sources]
            messages = {s.name: e[0] for s, e in zip(sources, entries, strict=True) if is_message(p for _, p in e)}
            around = await neighbourhoods(self._points, tenant, namespace, messages)
            for _ in range(_ATTEMPTS if self._points.shared else 1):
                rest = dict(around)
                space = await self._put_items(entries, rest)
                await _commit(self._points, tenant, namespace, sources, space)
                if not self._points.shared or await self._is_whole(tenant, namespace, sources, entries):
                    break
            await self._mend(rest)

    async def remove(self, tenant: str, namespace: str, names: Sequence[str]) -> None:
        """Forget sources altogether."""
        async with self._hold(tenant, namespace, names):
            await self._points.delete_matching(matching(tenant=tenant, namespace=namespace, source=names))
            await self._mend(await neighbourhoods(self._points, tenant, namespace, dict.fromkeys(names)))

    async def forget(self, uid: UUID) -> None:
        """Remove one item, also from what its neighbours are found by; with a source's last item, the source."""
        payload = (await self._points.get([uid])).get(uid)
        if payload is None:
            return
        tenant, namespace, source = payload["tenant"], payload["namespace"], payload["source"]
        async with self._hold(tenant, namespace, [source]):
            await self._points.delete([uid])
            rest = await source_items(self._points, tenant, namespace, source)
            if not rest:
                await self._points.delete([record_id(tenant, namespace, source)])
                await self._mend(await neighbourhoods(self._points, tenant, namespace, {source: None}))
            behind = next((at for at, (_, other) in enumerate(rest) if other["ordinal"] > payload["ordinal"]), len(rest))
            texts = texts_of([payload for _, payload in rest])
            near = slice(max(0, behind - MOST_NEIGHBOURS), behind + MOST_NEIGHBOURS)
            await self._mend({entry[0]: (entry, text) for entry, text in zip(rest[near], texts[near], strict=True)})

    async def catch_up(self) -> None:
        """Embed what was stored while no embedder could be reached, or by another one."""
        if self._dense is None or not self._dense.lacking:
            return
        self._dense.lacking = False
        space = await self._dense.space()
        for _, record in await scroll(self._points, matching(kind=RECORD)):
            if space is None or record["space"] == space.vector_name:
                continue
            async with self._hold(record["tenant"], record["namespace"], [record["source"]]):
                await self._embed_source(record["tenant"], record["namespace"], record["source"])
            if self._dense.rests:
                break
        if self._dense.rests:
            self._dense.lacking = True
        elif not self._dense.lacking:
            await self._dense.switch()

    async def _is_whole(
        self, tenant: str, namespace: str, sources: Sequence[Source], entries: Sequence[Sequence[Entry]]
    ) -> bool:
        """``False`` where another process, which was changing a source at the same time, took its items for old ones."""
        known = await known_sources(self._points, tenant, namespace, [source.name for source in sources])
        mine = [
            uid
            for source, items in zip(sources, entries, strict=True)
            if source.name in known and known[source.name].digest == source.digest
            for uid, _ in items
        ]
        return len(await self._points.get(mine)) == len(set(mine))

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
        items: list[tuple[UUID, Payload, Texts]] = []
        for entries in sources:
            texts = texts_of([payload for _, payload in entries])
            for (uid, payload), text in zip(entries, texts, strict=True):
                items.append((uid, payload, around.pop(uid)[1] if uid in around else text))
        complete = self._dense is not None
        for start in range(0, len(items), _SLICE):
            part = items[start : start + _SLICE]
            dense = await self._dense.of_items([texts.own for _, _, texts in part]) if self._dense else None
            complete = complete and dense is not None
            found_by = await asyncio.to_thread(self._sparse, [texts for _, _, texts in part])
            named = [sparse | meant for sparse, meant in zip(found_by, dense or [{} for _ in part], strict=True)]
            await self._points.put((uid, vectors, payload) for (uid, payload, _), vectors in zip(part, named, strict=True))
        if self._dense and not complete:
            self._dense.lacking = True
        space = await self._dense.space() if self._dense and items and complete else None
        return space.vector_name if space else ""

    def _sparse(self, texts: Sequence[Texts]) -> list[Vectors]:
        return [{OWN: self._words.own(text.own), WINDOW: self._words.window(text.window)} for text in texts]

    async def _mend(self, found: dict[UUID, tuple[Entry, Texts]]) -> None:
        """Let stored items be found by their new neighbours."""
        if not found:
            return
        windows = await asyncio.to_thread(lambda: [self._words.window(texts.window) for _, texts in found.values()])
        await self._points.set_vectors((uid, {WINDOW: window}) for uid, window in zip(found, windows, strict=True))

    async def _embed_source(self, tenant: str, namespace: str, source: str) -> None:
        assert self._dense is not None
        items = await source_items(self._points, tenant, namespace, source)
        texts = [text.own for text in texts_of([payload for _, payload in items])]
        for start in range(0, len(items), _SLICE):
            vectors = await self._dense.of_items(texts[start : start + _SLICE])
            if vectors is None:
                return
            ids = [uid for uid, _ in items[start : start + _SLICE]]
            await self._points.set_vectors(zip(ids, vectors, strict=True))
        if space := await self._dense.space():
            await self._points.set_payload(record_id(tenant, namespace, source), {"space": space.vector_name})


async def known_sources(points: Points, tenant: str, namespace: str, names: Sequence[str] | None) -> dict[str, Known]:
    """What the namespace has of these sources, or of all."""
    if names is None:
        where = matching(kind=RECORD, tenant=tenant, namespace=namespace)
        records = [payload for _, payload in await scroll(points, where)]
    else:
        records = list((await points.get([record_id(tenant, namespace, name) for name in names])).values())
    return {record["source"]: Known(record["digest"], record["origin"]) for record in records}


async def source_items(points: Points, tenant: str, namespace: str, source: str) -> list[tuple[UUID, Payload]]:
    """The items of one source in the order in which they stand in it."""
    found = await scroll(points, matching(kind=ITEM, tenant=tenant, namespace=namespace, source=source))
    return sorted(found, key=lambda entry: entry[1]["ordinal"])


async def _commit(points: Points, tenant: str, namespace: str, sources: Sequence[Source], space: str) -> None:
    """The items are there: record their sources, then let go of what the old versions had and the new ones have not."""
    ids = {source.name: record_id(tenant, namespace, source.name) for source in sources}
    replaced = await points.get(list(ids.values()))
    await points.put((ids[source.name], {}, record_payload(tenant, namespace, source, space)) for source in sources)
    for source in sources:
        if points.shared or ids[source.name] in replaced:
            mine = {"kind": ITEM, "tenant": tenant, "namespace": namespace, "source": source.name}
            await points.delete_matching(Where(mine, unlike={"digest": source.digest}))
