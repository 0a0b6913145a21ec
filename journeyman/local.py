"""A client without a server: a runtime opened in this process, behind the same methods as ``Client``."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agents.requests import Decision, TaskRequest
from agents.runtime import Runtime
from agents.secrets import known_secrets
from api.schemas import ApprovalDocument, ArtifactDocument, EventDocument, TaskDocument
from journal.errors import InvalidInput, StorageError
from journal.records import TaskRecord
from journal.values import ApprovalStatus, WaitingReason
from journeyman.client import Client, Document
from journeyman.home import prepare
from journeyman.log_file import log_to
from journeyman.settings import Settings
from memory.items import Progress
from trust.redaction import Redactor

T = TypeVar("T", bound=BaseModel)

TENANT = "default"
_BY = "command line"
_PIECE_BYTES = 256 * 1024
_HELD_ELSEWHERE_SECONDS = 0.5


class LocalClient(Client):
    """Does itself what ``serve`` would do. ``go_on`` works on a task here, in the background of the event loop.

    What ``run`` needs goes straight to the runtime; every other call goes through the API's own application, which is
    loaded only then.
    """

    local = True

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self.address = "in this process"
        self._settings = settings
        self._runtime = runtime
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._api: Client | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["LocalClient"]:
        """Open the runtime for the block; on leaving, what is at work is broken off and its leases are handed back."""
        redactor = Redactor(known_secrets(settings))
        log_to(prepare(settings.home), redactor)
        client = cls(settings, await Runtime.open(settings, redactor=redactor))
        try:
            yield client
        finally:
            await client.aclose()

    async def aclose(self) -> None:
        await self._runtime.aclose()
        await asyncio.gather(*self._at_work.values(), return_exceptions=True)
        if self._api is not None:
            await self._api.aclose()

    async def call(self, method: str, path: str, **options: Any) -> Any:
        if self._api is None:
            self._api = self._in_process_api()
        return await self._api.call(method, path, **options)

    async def submit(self, request: Mapping[str, Any], *, idempotency_key: str | None = None) -> Document:
        asked = _valid(TaskRequest, request)
        return _task(await self._runtime.submit(TENANT, asked, by=_BY, idempotency_key=idempotency_key))

    async def task(self, task_id: str, *, as_of: int | None = None) -> Document:
        return _task(await self._runtime.task(TENANT, task_id, as_of=as_of))

    async def artifacts(self, task_id: str) -> Document:
        found = await self._runtime.artifacts(TENANT, task_id)
        return {"artifacts": [ArtifactDocument.of(artifact).model_dump(mode="json") for artifact in found]}

    async def artifact(self, task_id: str, name: str) -> AsyncIterator[bytes]:
        with await self._runtime.artifact(TENANT, task_id, name) as file:
            while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
                yield piece

    async def approvals(self, **which: Any) -> Document:
        status = ApprovalStatus(which["status"]) if which.get("status") else None
        if status is None and not which.get("task_id"):
            status = ApprovalStatus.PENDING
        found = await self._runtime.approvals(TENANT, status=status, task_id=which.get("task_id"))
        return {"approvals": [ApprovalDocument.of(approval).model_dump(mode="json") for approval in found]}

    async def decide(self, approval_id: str, decision: Mapping[str, Any]) -> Document:
        decided = await self._runtime.decide(TENANT, approval_id, _valid(Decision, decision), by=_BY)
        return ApprovalDocument.of(decided).model_dump(mode="json")

    async def add_path(self, path: Path, namespace: str, *, on_progress: Callable[[Progress], None] | None = None) -> Document:
        return asdict(await self._runtime.memory.add_path(TENANT, namespace, path, on_progress=on_progress))

    async def events(self, task_id: str, *, after: int = 0) -> AsyncIterator[Document]:
        async with aclosing(self._runtime.follow(TENANT, task_id, after=after)) as events:  # type: ignore[type-var]
            while (event := await self._next(task_id, events, after)) is not None:
                after = event.seq
                yield EventDocument.of(event).model_dump(mode="json")

    async def follow(self, task_id: str, *, after: int = 0) -> AsyncIterator[Document]:
        """Where the task is worked on here, its rest is the end of that work: it may begin with mail that nobody has read."""
        at_work = task_id in self._at_work
        async for event in self.events(task_id, after=after) if at_work else super().follow(task_id, after=after):
            yield event

    async def go_on(self, task_id: str) -> None:
        if task_id not in self._at_work or self._at_work[task_id].done():
            self._at_work[task_id] = asyncio.create_task(self._work_on(task_id))

    async def _next(self, task_id: str, events: AsyncIterator[Any], after: int) -> Any:
        """The next event; ``None`` at the end, also of the work on the task here. Raises what went wrong with that work."""
        coming = asyncio.ensure_future(anext(events, None))
        work = self._at_work.get(task_id)
        try:
            await asyncio.wait([coming, work] if work else [coming], return_when=asyncio.FIRST_COMPLETED)
            if not coming.done() and work is not None:
                await work
                if (await self._runtime.task(TENANT, task_id)).last_seq <= after:
                    return None
            return await coming
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _work_on(self, task_id: str) -> None:
        """Run a task until it ends or waits for a person, through waits that end by themselves."""
        while True:
            record = await self._runtime.drive(task_id)
            if record is None:
                await asyncio.sleep(_HELD_ELSEWHERE_SECONDS)
                record = await self._runtime.task(TENANT, task_id)
            elif not (record.status.ended or record.waiting):
                raise StorageError(
                    f"{task_id} stopped because the journal could not be written.", hint="See `journeyman doctor`."
                )
            if record.status.ended or (record.waiting and record.waiting.reason.needs_person):
                return
            if record.waiting and record.waiting.reason is WaitingReason.SUBTASK:
                if not await self._work_on_children(task_id):
                    return
                continue
            if record.waiting and record.waiting.behind:
                await self._work_on(record.waiting.behind)
                if not (await self._runtime.task(TENANT, record.waiting.behind)).status.ended:
                    return
                continue
            if record.waiting and record.waiting.wake_at:
                least = _HELD_ELSEWHERE_SECONDS if record.waiting.reason is WaitingReason.CONCURRENCY else 0.0
                await asyncio.sleep(max(least, (record.waiting.wake_at - datetime.now(UTC)).total_seconds()))

    async def _work_on_children(self, task_id: str) -> bool:
        """Run a task's open children one after the other; ``True`` if one of them ended, which wakes their parent."""
        open_children = await self._runtime.open_children(TENANT, task_id)
        for child in open_children:
            await self._work_on(child)
        return any([(await self._runtime.task(TENANT, child)).status.ended for child in open_children])

    def _in_process_api(self) -> Client:
        import httpx

        from api.app import create_app
        from api.keys import KeyStore

        token = secrets.token_urlsafe(32)
        app = create_app(self._runtime, KeyStore(self._runtime.database, run_token=token), self._settings.api)
        return Client("http://localhost", token, transport=httpx.ASGITransport(app, raise_app_exceptions=False))


def _task(record: TaskRecord) -> Document:
    return TaskDocument.of(record).model_dump(mode="json")


def _valid(model: type[T], fields: Mapping[str, Any]) -> T:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'][0].lower()}{e['msg'][1:]}" for e in found)
        hint = (
            "Put long texts into files and give them with --docs."
            if any(e["type"] == "string_too_long" for e in found)
            else ""
        )
        raise InvalidInput(told + ".", hint=hint or "Mend it and try again; nothing was done.") from None
