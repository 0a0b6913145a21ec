"""A client of the REST API. Documents are the API's JSON objects as they come; errors are ``JourneymanError``s.

``Client`` talks to any address; ``journeyman.connection.connect`` finds the right one for a home.
``httpx`` is loaded with the first client that talks over the network.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from journal.errors import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    JourneymanError,
    NotAllowed,
    NotFound,
    StorageFull,
    StorageUnavailable,
)

if TYPE_CHECKING:
    import httpx

    from memory.items import Progress

Document = dict[str, Any]

ENDINGS = frozenset({"task.completed", "task.failed", "task.canceled", "task.rejected"})
"""The kinds of event that end a journal."""

_RECONNECT_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0)
_ERRORS: dict[int, type[JourneymanError]] = {
    400: InvalidInput,
    401: ConfigurationError,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    415: InvalidInput,
    422: InvalidInput,
    503: StorageUnavailable,
    507: StorageFull,
}


class Unreachable(JourneymanError):
    """No server answers at the address."""


class Client:
    """One server, one API key. An asynchronous context manager; safe for many calls at once in one event loop.

    Every method raises the ``JourneymanError`` that the answer's status stands for, with its detail and hint, or
    ``Unreachable``.
    """

    local = False
    """Whether the work is done in this process, because no ``serve`` runs."""

    def __init__(self, address: str, key: str, *, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        import httpx

        self.address = address
        self._http = httpx.AsyncClient(
            base_url=address,
            headers={"authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One request, as ``httpx`` takes it; the answer's JSON, ``None`` if it has no body."""
        import httpx

        try:
            response = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        _check(response)
        return response.json() if response.content else None

    async def submit(self, request: Mapping[str, Any], *, idempotency_key: str | None = None) -> Document:
        """A new task. ``request`` has the fields of ``agents.requests.TaskRequest``."""
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        return await self._document("POST", "/v1/tasks", json=dict(request), headers=headers)

    async def task(self, task_id: str, *, as_of: int | None = None) -> Document:
        """The Task document now, or as of an event's ``seq``."""
        return await self._document("GET", f"/v1/tasks/{task_id}", params=_given(as_of=as_of))

    async def tasks(self, **which: Any) -> Document:
        """A page of tasks, newest first; ``which`` are the query parameters of ``GET /v1/tasks``."""
        return await self._document("GET", "/v1/tasks", params=_given(**which))

    async def cancel(self, task_id: str, *, note: str = "") -> Document:
        return await self._document("POST", f"/v1/tasks/{task_id}/cancel", json={"note": note})

    async def pause(self, task_id: str) -> Document:
        return await self._document("POST", f"/v1/tasks/{task_id}/pause")

    async def resume(self, task_id: str) -> Document:
        return await self._document("POST", f"/v1/tasks/{task_id}/resume")

    async def input(self, task_id: str, request: Mapping[str, Any]) -> Document:
        """Say something to a task; ``request`` has the fields of ``agents.requests.InputRequest``."""
        return await self._document("POST", f"/v1/tasks/{task_id}/input", json=dict(request))

    async def fork(self, task_id: str, *, seq: int) -> Document:
        return await self._document("POST", f"/v1/tasks/{task_id}/fork", json={"seq": seq})

    async def doubts(self, task_id: str) -> Document:
        """The calls in doubt: what was meant, when it was sent, under which key."""
        return await self._document("GET", f"/v1/tasks/{task_id}/doubts")

    async def retry(self, task_id: str, request: Mapping[str, Any] | None = None) -> Document:
        """Take up a failed task; ``request`` has the fields of ``agents.requests.RetryRequest``."""
        return await self._document("POST", f"/v1/tasks/{task_id}/retry", json=dict(request or {}))

    async def plan(self, task_id: str) -> Document:
        """The task's plan: ``steps``, ``answer``, how far each step is, and the worst case of its cost."""
        return await self._document("GET", f"/v1/tasks/{task_id}/plan")

    async def edit_plan(self, task_id: str, plan: Mapping[str, Any]) -> Document:
        """Put ``{steps, answer}`` in place of a plan that waits."""
        return await self._document("PUT", f"/v1/tasks/{task_id}/plan", json=dict(plan))

    async def steps(self, task_id: str) -> Document:
        return await self._document("GET", f"/v1/tasks/{task_id}/steps")

    async def artifacts(self, task_id: str) -> Document:
        """The files that the task wrote."""
        return await self._document("GET", f"/v1/tasks/{task_id}/artifacts")

    async def artifact(self, task_id: str, name: str) -> AsyncIterator[bytes]:
        """One of these files, piece by piece."""
        import httpx

        try:
            async with self._http.stream("GET", f"/v1/tasks/{task_id}/artifacts/{quote(name)}") as response:
                if response.is_error:
                    await response.aread()
                _check(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    async def approvals(self, **which: Any) -> Document:
        """Approvals; ``which`` are the query parameters of ``GET /v1/approvals``."""
        return await self._document("GET", "/v1/approvals", params=_given(**which))

    async def approval(self, approval_id: str) -> Document:
        """One approval, decided or not."""
        return await self._document("GET", f"/v1/approvals/{approval_id}")

    async def decide(self, approval_id: str, decision: Mapping[str, Any]) -> Document:
        """A person's word; ``decision`` has the fields of ``agents.requests.Decision``."""
        return await self._document("POST", f"/v1/approvals/{approval_id}", json=dict(decision))

    async def remember(self, text: str, source: str, **more: Any) -> Document:
        """Add a text to memory; ``more``: ``namespace``, ``metadata``."""
        return await self._document("POST", "/v1/memory/documents", json={"text": text, "source": source, **_given(**more)})

    async def upload(self, file: Path, **form: Any) -> Document:
        """Add a file to memory; ``form``: ``source``, ``namespace``."""
        with file.open("rb") as content:
            return await self._document(
                "POST", "/v1/memory/documents", files={"file": (file.name, content)}, data=_given(**form)
            )

    async def add_path(
        self, path: Path, namespace: str, *, on_progress: "Callable[[Progress], None] | None" = None
    ) -> Document:
        """Add a file, or a folder with all below it; the fields of ``memory.items.Ingested``. Incremental."""
        from journeyman.documents import upload_path

        return await upload_path(self, path, namespace, on_progress)

    async def search(self, query: str, **more: Any) -> Document:
        """Search memory; ``more``: ``k``, ``namespace``, ``filters``."""
        return await self._document("POST", "/v1/memory/search", json={"query": query, **_given(**more)})

    async def items(self, **which: Any) -> Document:
        """A page of what memory holds; ``which`` are the query parameters of ``GET /v1/memory``."""
        return await self._document("GET", "/v1/memory", params=_given(**which))

    async def forget(self, item_id: str) -> None:
        await self.call("DELETE", f"/v1/memory/{item_id}")

    async def tools(self) -> Document:
        return await self._document("GET", "/v1/tools")

    async def models(self) -> Document:
        return await self._document("GET", "/v1/models")

    async def agents(self) -> Document:
        return await self._document("GET", "/v1/agents")

    async def usage(self) -> Document:
        """What all tasks come to: ``tasks`` by status, and their ``usage`` together."""
        return await self._document("GET", "/v1/usage")

    async def schedules(self) -> Document:
        return await self._document("GET", "/v1/schedules")

    async def add_schedule(self, request: Mapping[str, Any]) -> Document:
        """A new schedule; ``request`` has the fields of ``agents.scheduling.requests.ScheduleRequest``, and ``paused``."""
        return await self._document("POST", "/v1/schedules", json=dict(request))

    async def schedule_fires(self, schedule_id: str, *, limit: int = 50) -> Document:
        """What became of its fires, newest first."""
        return await self._document("GET", f"/v1/schedules/{schedule_id}/fires", params={"limit": limit})

    async def change_schedule(self, schedule_id: str, **fields: Any) -> Document:
        """Pause, resume or change a schedule."""
        return await self._document("PATCH", f"/v1/schedules/{schedule_id}", json=fields)

    async def remove_schedule(self, schedule_id: str) -> None:
        await self.call("DELETE", f"/v1/schedules/{schedule_id}")

    async def run_schedule(self, schedule_id: str) -> Document:
        """Submit its task now; the Task document."""
        return await self._document("POST", f"/v1/schedules/{schedule_id}/run")

    async def backfill_schedule(self, schedule_id: str, *, since: str, until: str) -> Document:
        """Make the fires of a range of the past (ISO 8601 times with their offset)."""
        return await self._document("POST", f"/v1/schedules/{schedule_id}/backfill", json={"from": since, "until": until})

    async def keys(self, *, tenant: str | None = None) -> Document:
        """The tenant's keys; one other than one's own is for operators."""
        return await self._document("GET", "/v1/keys", params=_given(tenant=tenant))

    async def create_key(self, name: str, scopes: Sequence[str] = (), **more: Any) -> Document:
        """A new API key; the answer is the only place that shows it. ``more``: ``user``, ``roles``, ``tenant``,
        ``expires_in_days``, ``requests_per_minute``."""
        return await self._document("POST", "/v1/keys", json={"name": name, "scopes": list(scopes), **_given(**more)})

    async def rotate_key(self, key_id: str, *, grace_hours: float = 24.0, tenant: str | None = None) -> Document:
        """A new key that may do the same; the old one works for ``grace_hours`` more."""
        body = {"grace_hours": grace_hours}
        return await self._document("POST", f"/v1/keys/{key_id}/rotate", json=body, params=_given(tenant=tenant))

    async def revoke_key(self, key_id: str, *, tenant: str | None = None) -> None:
        await self.call("DELETE", f"/v1/keys/{key_id}", params=_given(tenant=tenant))

    async def credentials(self, *, user: str | None = None) -> Document:
        """The names of a user's credentials; another's than one's own are for admins."""
        return await self._document("GET", "/v1/credentials", params=_given(user=user))

    async def set_credential(self, name: str, value: str, *, user: str | None = None) -> Document:
        """Keep a value for the tools that declare a secret of this name. Nothing gives it back."""
        return await self._document("PUT", f"/v1/credentials/{quote(name)}", json={"value": value}, params=_given(user=user))

    async def remove_credential(self, name: str, *, user: str | None = None) -> None:
        await self.call("DELETE", f"/v1/credentials/{quote(name)}", params=_given(user=user))

    async def attacks(self) -> Document:
        """The attacks that people confirmed to the guard."""
        return await self._document("GET", "/v1/guard/attacks")

    async def confirm_attack(self, **attack: Any) -> Document:
        """Confirm that ``text``, or what event ``seq`` of ``task_id`` holds, is an attack."""
        return await self._document("POST", "/v1/guard/attacks", json=attack)

    async def forget_attack(self, attack_id: str) -> None:
        await self.call("DELETE", f"/v1/guard/attacks/{quote(attack_id)}")

    async def audit(self, **which: Any) -> Document:
        """The audit log, newest first: ``tenant``, ``act``, ``actor``, ``before``, ``limit``."""
        return await self._document("GET", "/v1/audit", params=_given(**which))

    async def verify_audit(self, *, expect: str | None = None, tenant: str | None = None) -> Document:
        """Whether the audit log is as it was written; ``expect`` is a head (``SEQ:HASH``) that was noted earlier."""
        return await self._document("GET", "/v1/audit/verify", params=_given(expect=expect, tenant=tenant))

    async def events(self, task_id: str, *, after: int = 0) -> AsyncIterator[Document]:
        """Events from behind ``after``, live, each once and in order, until the one that ends the task.

        A stream that breaks is taken up again where it stopped; ``Unreachable`` once that has failed for about 20 seconds.
        """
        import httpx

        delays = iter(_RECONNECT_SECONDS)
        while True:
            try:
                async for event in self._stream(task_id, after):
                    after, delays = event["seq"], iter(_RECONNECT_SECONDS)
                    yield event
                    if event["kind"] in ENDINGS:
                        return
                task = await self.task(task_id)
                if task["ended_at"] and task["last_seq"] <= after:
                    return
            except (httpx.TransportError, Unreachable, StorageUnavailable) as error:
                failure: Exception = error
            else:
                failure = httpx.RemoteProtocolError("the stream ended early")
            if (delay := next(delays, None)) is None:
                raise self._unreachable(failure) from None
            await asyncio.sleep(delay)

    async def follow(self, task_id: str, *, after: int = 0) -> AsyncIterator[Document]:
        """Events as ``events`` gives them, until the task has ended or waits for a person."""
        resting = False
        async for event in self.events(task_id, after=after):
            yield event
            resting = event["kind"] == "task.waiting" or (resting and event["kind"] != "task.resumed")
            if resting:
                task = await self.task(task_id)
                if task["status"] == "input_required" and task["last_seq"] <= event["seq"]:
                    return

    async def wait(self, task_id: str) -> Document:
        """The Task document once the task has ended or waits for a person."""
        async for _ in self.follow(task_id):
            pass
        return await self.task(task_id)

    async def go_on(self, task_id: str) -> None:
        """See to it that somebody works on the task; a running ``serve`` does so by itself."""

    async def _document(self, method: str, path: str, **options: Any) -> Document:
        answer: Document = await self.call(method, path, **options)
        return answer

    async def _stream(self, task_id: str, after: int) -> AsyncIterator[Document]:
        headers = {"accept": "text/event-stream", "last-event-id": str(after)}
        path = f"/v1/tasks/{task_id}/events"
        async with self._http.stream("GET", path, headers=headers) as response:
            if response.is_error:
                await response.aread()
            _check(response)
            async for event in journaled(response.aiter_lines()):
                yield event

    def _unreachable(self, error: Exception) -> Unreachable:
        why = str(error) or type(error).__name__
        return Unreachable(f"Nothing answers at {self.address}: {why}.", hint="Is `journeyman serve` still running?")


async def journaled(lines: AsyncIterator[str]) -> AsyncIterator[Document]:
    """The journal's events out of the lines of an SSE stream; deltas and comments, which carry no id, are left out."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = fields[name] + "\n" + value if name == "data" and name in fields else value.removeprefix(" ")
            continue
        if "id" in fields and "data" in fields:
            yield json.loads(fields["data"])
        fields = {}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _check(response: "httpx.Response") -> None:
    if not response.is_error:
        return
    try:
        problem = response.json()
        detail, hint = problem.get("detail") or problem["title"], problem.get("hint", "")
    except (ValueError, KeyError, AttributeError):
        detail, hint = f"The server answered {response.status_code} {response.reason_phrase}.", ""
    raise _ERRORS.get(response.status_code, JourneymanError)(detail, hint=hint)
