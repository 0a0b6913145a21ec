"""The runtime: every room wired together, and what the doors (REST, command line, workers) may do with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from typing import Any, Protocol

from agents.approvals import task_of_approval
from agents.artifacts import Artifact, list_artifacts, open_artifact
from agents.attaching import receive
from agents.driver import Driver
from agents.feed import Feed
from agents.following import follow
from agents.forking import forked
from agents.guard.guard import Guard
from agents.holder import Holder
from agents.invocation import Surroundings
from agents.judging import PolicyOf
from agents.means import means_of
from agents.notices import Notices, find_notifiers
from agents.plan_editing import PlanView, edit, view_of
from agents.requests import Decision, InputRequest, RetryRequest, TaskRequest
from agents.retrying import retried
from agents.scheduling.schedules import Schedules
from agents.sealing import Seal
from agents.secrets import known_secrets
from agents.settings import RuntimeSettings
from agents.stop_all import StopAll
from agents.submission import Admission, first_events, starting
from agents.subtasks import Subtasks
from agents.threads import Threads
from agents.vault import Vault
from agents.webhooks.store import outbox
from agents.webhooks.webhooks import Webhooks
from journal.audit import AuditLog
from journal.call_state import CallStage
from journal.credentials import CredentialStore
from journal.database import Database
from journal.errors import Conflict, InvalidInput, NotAllowed, NotFound, StorageError
from journal.events import Event, TaskSubmitted
from journal.ids import new_id
from journal.kill_switch import KillSwitch
from journal.limits import Limits, Terms
from journal.projection import TaskState
from journal.records import Concurrency, InboxItem, InboxKind, TaskFilter, TaskRecord
from journal.sql_store import open_journal
from journal.store import Journal
from journal.values import Approval, ApprovalStatus, Message, Status, WaitingReason
from llm.embedders.embedder import make_embedder
from llm.router import Models
from memory.items import Memory
from memory.qdrant import open_memory
from planners.plan.schedule import children_open
from planners.planner import Means
from tools.http_fetch import GuardedFetch
from tools.mcp.servers import mcp_servers
from tools.mcp.task_servers import TaskServers
from tools.registry import Registry, build_registry
from tools.types import Tool
from trust.digest import digest
from trust.redaction import Redactor

logger = logging.getLogger(__name__)


class Dispatcher(Protocol):
    """Rings the bell for a worker: the task may be run now. Losing a ring is harmless: the sweeper rings again."""

    async def enqueue(self, task_id: str) -> None: ...


class NoDispatcher:
    """For a process that runs its tasks itself, by ``drive``."""

    async def enqueue(self, task_id: str) -> None:
        return


def _nothing() -> None:
    return


class Runtime:
    """One per process. ``open`` builds it from settings; ``aclose`` hands leases back and lets go of everything."""

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        database: Database,
        journal: Journal,
        memory: Memory,
        tools: Registry,
        models: Models,
        surroundings: Surroundings,
        dispatcher: Dispatcher | None = None,
        policy_of: PolicyOf | None = None,
        queues: Collection[str] = (),
    ) -> None:
        self.settings = settings
        self.database = database
        """Where the journal lives; rooms above keep their own tables there too."""
        self.audit = AuditLog(database)
        self.vault = surroundings.vault
        self.journal = journal
        self.memory = memory
        self.tools = tools
        self.models = models
        self.surroundings = surroundings
        self.dispatcher: Dispatcher = dispatcher or NoDispatcher()
        self._feed = Feed()
        self.notices = Notices(find_notifiers(settings.approvals.notify))
        self._feed.heeding.append(self.notices.heed)
        self._admission = Admission(settings.agents, tools, models, TaskServers(settings.tools, settings.mcp_servers))
        self.webhooks = Webhooks(database, settings.webhooks, Seal.of(database, settings.home))
        self._holder = Holder(journal, self._feed, lease_seconds=settings.journal.lease_seconds, outbox=outbox)
        subtasks = Subtasks(journal, self._admission, self._submit_child, self._send)
        self._threads = Threads(journal, self._ring)
        self._policy_of: PolicyOf = policy_of or settings.policy_of
        self._terms = _terms(settings, queues)
        self.stop_all = StopAll(KillSwitch(database), journal, self._send)
        self._driver = Driver(
            settings,
            self._holder,
            self._admission,
            models,
            surroundings,
            self._feed,
            subtasks,
            self._threads,
            self._policy_of,
            self._terms,
        )
        self._driving: set[asyncio.Future[bool]] = set()
        self.schedules = Schedules(database, self, agents=settings.agents, declared=settings.schedules)

    @classmethod
    async def open(
        cls,
        settings: RuntimeSettings,
        *,
        dispatcher: Dispatcher | None = None,
        memory: Memory | None = None,
        policy_of: PolicyOf | None = None,
        redactor: Redactor | None = None,
        queues: Collection[str] = (),
    ) -> "Runtime":
        """Wire the rooms. Without a dispatcher, tasks are run only by ``drive``; without ``memory``, it is the home's own. The
        policy is the settings'; tests may hand in another one. A ``redactor`` shared with the log lets that know what tools
        are handed later. It takes tasks of these ``queues``, or of all. Raises ``ConfigurationError``."""
        home = settings.home
        models = Models(settings.models, settings.routes)
        tools = build_registry(settings.tools, mcp_servers(settings.mcp_servers, home))
        journal = await open_journal(settings.journal_url, lease_seconds=settings.journal.lease_seconds)
        embedder = make_embedder(settings.embedder)
        memory = memory or await open_memory(home, settings.memory, embedder, settings.memory_server)
        redactor = redactor or Redactor(known_secrets(settings))
        surroundings = Surroundings(
            journal=journal,
            memory=memory,
            http=GuardedFetch(settings.tools.http),
            workspaces=home / "workspaces",
            guard=Guard.build(settings.guard, redactor, memory, embedder, models),
            vault=Vault(CredentialStore(journal.database), Seal.of(journal.database, home), redactor),
        )
        return cls(
            settings,
            database=journal.database,
            journal=journal,
            memory=memory,
            tools=tools,
            models=models,
            surroundings=surroundings,
            dispatcher=dispatcher,
            policy_of=policy_of,
            queues=queues,
        )

    async def submit(
        self,
        tenant: str,
        request: TaskRequest,
        *,
        by: str,
        idempotency_key: str | None = None,
        also: Callable[[Any, str], None] | None = None,
    ) -> TaskRecord:
        """Journal a new task and ring for a worker. ``also`` is called with the transaction and the new task's id, and undoes
        it all by what it raises.

        Raises ``InvalidInput`` (unknown agent, tool, model or planner; an attachment or a schema that cannot be used),
        ``ThreadBusy`` (where the request wants no waiting) or ``Conflict`` (the idempotency key).
        """
        history: tuple[Message, ...] = ()
        if request.thread_id is not None:
            history = await self._threads.history(await self._threads.earlier(tenant, request.thread_id))
        submitted = self._admission.admit(request, history, by=by)
        attached = await receive(request.attachments, request.goal, self.surroundings.http)
        once = None if idempotency_key is None else (idempotency_key, digest(request.model_dump(mode="json")))
        events = first_events(submitted, attached, request.start_at)
        rows = starting(request.start_at, await self.webhooks.joining(tenant, request.webhook, also))
        return await self._begin(tenant, events, once, request.concurrency, rows)

    async def cancel(self, tenant: str, task_id: str, *, by: str, note: str = "") -> TaskRecord:
        """Cancel, also in the middle of a call. Raises ``Conflict`` for an ended task."""
        await self._not_ended(tenant, task_id)
        return await self._send(tenant, task_id, InboxItem(InboxKind.CANCEL, {"by": by, "note": note}))

    async def pause(self, tenant: str, task_id: str, *, by: str) -> TaskRecord:
        """Rest before the next call. Raises ``Conflict`` for an ended task."""
        await self._not_ended(tenant, task_id)
        return await self._send(tenant, task_id, InboxItem(InboxKind.PAUSE, {"by": by}))

    async def resume(self, tenant: str, task_id: str, *, by: str) -> TaskRecord:
        """Go on after a pause. A task that waits for nobody is rung for: its worker may be gone. Raises ``Conflict`` where
        something else than a resume is needed."""
        record = await self._not_ended(tenant, task_id)
        if record.waiting is None or not record.waiting.reason.needs_person:
            await self.dispatcher.enqueue(task_id)
            return record
        if record.waiting.reason is not WaitingReason.PAUSED:
            raise Conflict(f"{task_id} is not paused.", hint=_how_to_go_on(record))
        return await self._send(tenant, task_id, InboxItem(InboxKind.RESUME, {"by": by}))

    async def input(self, tenant: str, task_id: str, request: InputRequest, *, by: str) -> TaskRecord:
        """Say something to a task, or settle a call in doubt. Raises ``InvalidInput`` or ``Conflict``."""
        await self._not_ended(tenant, task_id)
        if request.verdict is not None:
            await self._in_doubt(tenant, task_id, request.call_id)
            data = {**request.model_dump(exclude={"text"}), "by": by}
            return await self._send(tenant, task_id, InboxItem(InboxKind.SETTLE, data))
        if not request.text or not request.text.strip():
            raise InvalidInput("There is nothing to say.", hint="Send `text`, or `call_id` with `verdict`.")
        return await self._send(tenant, task_id, InboxItem(InboxKind.INPUT, {"text": request.text, "by": by}))

    async def fork(self, tenant: str, task_id: str, *, seq: int, by: str) -> TaskRecord:
        """A new task with a copy of the journal up to ``seq``; it goes on from there. Raises ``InvalidInput``."""
        events = await self.journal.read(tenant, task_id)
        return await self._begin(tenant, forked(tenant, task_id, events, seq, by))

    async def retry(self, tenant: str, task_id: str, request: RetryRequest, *, by: str) -> TaskRecord:
        """A new task that takes up one that failed or was canceled: what was done before the step stays, the step and what
        depends on it run again, and an effect that happened is not repeated. Raises ``InvalidInput`` or ``Conflict``."""
        events = await self.journal.read(tenant, task_id)
        return await self._begin(tenant, self._admission.allow(retried(tenant, task_id, events, request, by), request.budget))

    async def task(self, tenant: str, task_id: str, *, as_of: int | None = None) -> TaskRecord:
        """The task now, or as it was at ``as_of``. Raises ``NotFound`` or ``InvalidInput``."""
        if as_of is None:
            return await self.journal.record(tenant, task_id)
        return (await self.state(tenant, task_id, as_of=as_of)).record()

    async def state(self, tenant: str, task_id: str, *, as_of: int | None = None) -> TaskState:
        """The whole fold of a task's journal. Raises ``NotFound`` or ``InvalidInput``."""
        if as_of is not None and as_of < 1:
            raise InvalidInput("as_of counts events from 1.")
        return TaskState.of(tenant, task_id, await self.journal.read(tenant, task_id, until=as_of))

    async def open_children(self, tenant: str, task_id: str) -> list[str]:
        """Ids of the child tasks whose end this task has not heard of yet."""
        plan = (await self.state(tenant, task_id)).plan
        return [child.task_id for _, child in children_open(plan)] if plan else []

    async def artifacts(self, tenant: str, task_id: str) -> list[Artifact]:
        """The files that a task wrote into its workspace; none where there is no workspace. Raises ``NotFound``."""
        await self.journal.record(tenant, task_id)
        return await asyncio.to_thread(list_artifacts, self.surroundings.workspaces / task_id)

    async def artifact(self, tenant: str, task_id: str, name: str) -> BufferedReader:
        """One of them, open for reading. Raises ``NotFound``."""
        await self.journal.record(tenant, task_id)
        return await asyncio.to_thread(open_artifact, self.surroundings.workspaces / task_id, name)

    async def list_tasks(self, tenant: str, which: TaskFilter) -> list[TaskRecord]:
        """Tasks, newest first."""
        return await self.journal.records(tenant, which)

    async def approvals(
        self, tenant: str, *, status: ApprovalStatus | None = ApprovalStatus.PENDING, task_id: str | None = None
    ) -> list[Approval]:
        """Approvals of tasks that wait for one; with ``task_id``, those of one task. ``status`` of ``None`` means any."""
        if task_id is not None:
            waiting = [await self.journal.record(tenant, task_id)]
        else:
            which = TaskFilter(status=Status.INPUT_REQUIRED, limit=1000)
            waiting = [r for r in await self.journal.records(tenant, which) if r.waiting and r.waiting.approvals]
        states = [await self.state(tenant, record.id) for record in waiting]
        return [a for state in states for a in state.approvals.values() if status is None or a.status is status]

    async def approval(self, tenant: str, approval_id: str) -> Approval:
        """One approval, decided or not. Raises ``NotFound``."""
        task_id = task_of_approval(approval_id)
        try:
            found = (await self.state(tenant, task_id)).approvals.get(approval_id) if task_id else None
        except NotFound:
            found = None
        if found is None:
            raise NotFound(f"There is no approval {approval_id}.", hint="`journeyman approvals list` shows what waits.")
        return found

    async def decide(self, tenant: str, approval_id: str, decision: Decision, *, by: str) -> Approval:
        """A person's word. Raises ``NotFound``, ``InvalidInput``, or ``Conflict`` when it is decided, expired or void."""
        approval = await self.approval(tenant, approval_id)
        if approval.status is not ApprovalStatus.PENDING:
            raise Conflict(
                f"{approval_id} is {approval.status} already.", hint=f"Task {approval.task_id} shows what came of it."
            )
        if approval.expires_at <= datetime.now(UTC):
            raise Conflict(
                f"{approval_id} expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
                hint="The task asks anew if it still needs it.",
            )
        _check_calls(approval, decision)
        await self._not_ended(tenant, approval.task_id)
        if self.settings.approvals.four_eyes and decision.decision != "deny":
            await self._not_own(tenant, approval.task_id, by)
        data = {
            "approval_id": approval_id,
            "decision": decision.decision,
            "by": by,
            "note": decision.note,
            "edited": decision.calls if decision.decision == "edit" else {},
            "only": decision.calls if decision.decision == "approve" else (),
            "scope": decision.scope,
        }
        await self._send(tenant, approval.task_id, InboxItem(InboxKind.APPROVAL, data))
        return await self.approval(tenant, approval_id)

    async def plan(self, tenant: str, task_id: str) -> PlanView:
        """The task's plan as it stands. Raises ``NotFound``."""
        state = await self.state(tenant, task_id)
        return view_of(state, self._means(state.submitted, {}))

    async def edit_plan(self, tenant: str, task_id: str, given: Mapping[str, Any], *, by: str) -> PlanView:
        """Put another plan in place of one that waits for a person. What has begun stays; a person's word on calls that are
        gone is void. Raises ``NotFound``, ``Conflict`` or ``InvalidInput`` with every mistake."""
        await self._not_ended(tenant, task_id)
        state = await self.state(tenant, task_id)
        async with self._admission.equipment(state.submitted, state.started) as tools:
            revision = edit(state, given, self._means(state.submitted, tools), by)
        version = state.plan.version if state.plan else 0
        data = {"version": version, "revision": revision.model_dump(mode="json")}
        await self._send(tenant, task_id, InboxItem(InboxKind.PLAN, data))
        return await self.plan(tenant, task_id)

    def follow(self, tenant: str, task_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Events from behind ``after``, live, each once and in order; ends behind the terminal event.

        Works for tasks that another process runs (it looks at the journal at least twice a second).
        """
        return follow(self.journal, self._feed, tenant, task_id, after)

    async def deltas(self, task_id: str) -> AsyncIterator[str]:
        """Text as the model writes it, while the task runs in this process; best effort, endless: close it when done."""
        with self._feed.deltas(task_id) as queue:
            while True:
                text = await queue.get()
                if text is not None:
                    yield text

    async def drive(self, task_id: str, *, claimed: Callable[[], None] = _nothing) -> TaskRecord | None:
        """Claim the task and run it here until it rests or ends; ``None`` if another worker holds it or it has ended already.
        ``claimed`` is called as soon as that is known."""
        work = asyncio.ensure_future(self._driver.drive(task_id, claimed))
        self._driving.add(work)
        work.add_done_callback(self._driving.discard)
        try:
            driven = await work
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            raise
        return await self.journal.record(await self.journal.tenant_of(task_id), task_id) if driven else None

    async def runnable(self, limit: int) -> list[str]:
        """Ids of tasks that want to be driven, by whose turn it is."""
        return await self.journal.runnable(limit, self._terms)

    async def aclose(self) -> None:
        """Break off what runs here, hand its leases back, and close every room."""
        running = list(self._driving)
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.webhooks.aclose()
        await self._holder.aclose()
        await self.notices.aclose()
        await self.tools.aclose()
        await self.models.aclose()
        await self.memory.close()
        await self.journal.close()

    async def _begin(
        self,
        tenant: str,
        events: Sequence[Event],
        idempotency: tuple[str, str] | None = None,
        concurrency: Concurrency = Concurrency.ENQUEUE,
        also: Callable[[Any, str], None] | None = None,
    ) -> TaskRecord:
        await self.stop_all.require_off()
        record = TaskState.of(tenant, new_id("task"), events).record()
        rows = None if also is None else partial(_with_id, also, record.id)
        record = await self.journal.submit(record, events, idempotency=idempotency, concurrency=concurrency, also=rows)
        if record.thread_id is not None and concurrency in (Concurrency.INTERRUPT, Concurrency.ROLLBACK):
            for other in await self.journal.open_in_thread(tenant, record.thread_id):
                if other != record.id:
                    await self._deliver(other)
        if record.waiting is None:
            await self.dispatcher.enqueue(record.id)
        return record

    async def _submit_child(self, tenant: str, task_id: str, submitted: TaskSubmitted) -> TaskRecord:
        events = first_events(submitted, ())
        record = await self.journal.submit(TaskState.of(tenant, task_id, events).record(), events)
        await self.dispatcher.enqueue(task_id)
        return record

    async def _send(self, tenant: str, task_id: str, item: InboxItem) -> TaskRecord:
        """Put mail into a task's inbox and see to it that somebody reads it: its holder here or elsewhere, or we.

        Once it is in the inbox it is not lost: where the journal cannot be written now, the sweeper sees to it later.
        """
        await self.journal.send(tenant, task_id, item)
        await self._deliver(task_id)
        return await self.journal.record(tenant, task_id)

    async def _deliver(self, task_id: str) -> None:
        """See to it that a task's mail is read now."""
        try:
            if not await self._holder.nudge(task_id) and await self._driver.write_idle(task_id):
                await self.dispatcher.enqueue(task_id)
        except StorageError as error:
            logger.warning("the journal cannot be written now, the message waits: %s", error, extra={"task_id": task_id})

    async def _ring(self, task_id: str) -> None:
        await self.dispatcher.enqueue(task_id)

    def _means(self, submitted: TaskSubmitted, tools: Mapping[str, Tool]) -> Means:
        return means_of(tools, self.models, submitted, self._policy_of((submitted.agent, *submitted.under)))

    async def _not_ended(self, tenant: str, task_id: str) -> TaskRecord:
        record = await self.journal.record(tenant, task_id)
        if record.status.ended:
            raise Conflict(f"{task_id} has ended: {record.status}.", hint="Fork it, or submit a new task.")
        return record

    async def _not_own(self, tenant: str, task_id: str, by: str) -> None:
        if by == (await self.state(tenant, task_id)).submitted.owner:
            raise NotAllowed("Nobody approves calls of their own task here.", hint="Ask somebody else (approvals.four_eyes).")

    async def _in_doubt(self, tenant: str, task_id: str, call_id: str | None) -> None:
        calls = (await self.state(tenant, task_id)).calls
        doubtful = [call.call.id for call in calls.values() if call.stage is CallStage.IN_DOUBT]
        if call_id not in doubtful:
            raise Conflict(
                f"{task_id} has no call {call_id!r} in doubt.",
                hint=f"In doubt: {', '.join(doubtful)}." if doubtful else "No call of this task is in doubt.",
            )


def _terms(settings: RuntimeSettings, queues: Collection[str]) -> Terms:
    limited = {name: agent.concurrency for name, agent in settings.agents.items() if agent.concurrency}
    served = {name for name, agent in settings.agents.items() if agent.queue in queues}
    return Terms(Limits(settings.journal.tenant_concurrency, limited), frozenset(served) if queues else None)


def _with_id(also: Callable[[Any, str], None], task_id: str, connection: Any) -> None:
    also(connection, task_id)


def _check_calls(approval: Approval, decision: Decision) -> None:
    known = {call.step_id for call in approval.calls}
    if unknown := set(decision.calls) - known:
        raise InvalidInput(f"{approval.id} has no call {sorted(unknown)[0]!r}.", hint=f"Its calls: {', '.join(known)}.")
    if decision.decision == "edit" and not (decision.calls and isinstance(decision.calls, dict)):
        raise InvalidInput("An `edit` needs the arguments of at least one call.", hint="Map step ids to arguments in `calls`.")
    if (
        decision.decision != "edit"
        and decision.calls
        and not (decision.decision == "approve" and isinstance(decision.calls, list))
    ):
        raise InvalidInput(
            "`calls` holds the arguments of an `edit`, or lists what alone an `approve` is for.", hint="Leave `calls` out."
        )
    if decision.scope == "task" and decision.decision != "approve":
        raise InvalidInput("Only an `approve` can hold for the whole task.", hint="Leave `scope` out.")


def _how_to_go_on(record: TaskRecord) -> str:
    waiting = record.waiting
    if waiting is None:
        return ""
    if waiting.reason is WaitingReason.APPROVAL:
        return f"It waits for a decision on {', '.join(waiting.approvals)}."
    if waiting.reason is WaitingReason.INPUT:
        return f"It waits for an answer to: {waiting.question}"
    if waiting.reason is WaitingReason.IN_DOUBT:
        return f"It waits for a verdict on the call {', '.join(waiting.calls)}, which is in doubt."
    return f"It waits: {waiting.reason}."
