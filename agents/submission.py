"""From a request to the first event of a journal."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from agents.profile import Profile, find_profile
from agents.requests import BudgetRequest, TaskRequest
from agents.settings import AgentSettings
from journal import events as ev
from journal.errors import InvalidInput, NotFound
from journal.records import TaskRecord
from journal.values import Grant, Message, TaskServer, WaitingReason
from llm.router import Models
from planners.json_schema import check_schema
from planners.registry import find_planner
from planners.techniques.advice import check_tools
from tools.mcp.server import Server
from tools.mcp.task_servers import TaskServers
from tools.registry import Registry
from tools.types import Tool
from trust.labels import SYSTEM

PLANNING = ("plan", "auto")
HISTORY_TASKS = 10
HISTORY_CHARS = 20_000


class Admission:
    """Checks requests against what is configured and makes ``task.submitted`` of them."""

    def __init__(
        self, agents: Mapping[str, AgentSettings], tools: Registry, models: Models, task_servers: TaskServers
    ) -> None:
        self.agents = agents
        self._tools = tools
        self._models = models
        self._task_servers = task_servers

    def admit(self, request: TaskRequest, history: tuple[Message, ...], *, by: str) -> ev.TaskSubmitted:
        """Raises ``InvalidInput`` for an unknown agent, planner, tool or model, a budget above the profile's, or an output
        schema that cannot be used, or a technique whose tool is missing."""
        profile = find_profile(self.agents, request.agent)
        planner = find_planner(request.planner or ("plan" if request.plan_only else profile.settings.planner))
        if request.plan_only and planner.name not in PLANNING:
            raise InvalidInput(f"The planner {planner.name} makes no plan to look at.", hint="Use `plan`, or no `plan_only`.")
        tools = None if request.tools is None else tuple(request.tools)
        servers = tuple(TaskServer(**server.model_dump()) for server in request.mcp_servers)
        self._task_servers.check(servers)
        techniques = profile.techniques(request.techniques)
        check_tools(techniques, self.tools(profile, of_runtime(tools, servers)))
        if request.output_schema is not None:
            check_schema(request.output_schema)
        return ev.TaskSubmitted(
            goal=request.goal,
            agent=profile.name,
            planner=planner.name,
            budget=profile.budget(request.budget),
            tools=tools,
            models=self._allowed_models(profile, request.models),
            thread_id=request.thread_id,
            namespaces=None if request.namespaces is None else tuple(request.namespaces),
            mcp_servers=servers,
            context=request.context,
            output_schema=request.output_schema,
            history=history,
            metadata=request.metadata,
            priority=request.priority,
            submitted_by=by,
            plan_only=request.plan_only,
            grants=tuple(Grant(source=grant.source, tools=tuple(grant.tools)) for grant in request.grants),
            revise_from_results=request.revise_from_results,
            techniques=techniques,
        )

    def allow(self, events: list[ev.Event], budget: BudgetRequest) -> list[ev.Event]:
        """The first events of a journal, with other ceilings where some are given. Raises ``InvalidInput`` for one above the
        profile's."""
        given = budget.model_dump(exclude_none=True)
        first = events[0]
        if not given or not isinstance(first.data, ev.TaskSubmitted):
            return events
        profile = find_profile(self.agents, first.data.agent)
        profile.budget(BudgetRequest(**given))
        ceilings = first.data.budget.model_copy(update=given)
        return [replace(first, data=first.data.model_copy(update={"budget": ceilings})), *events[1:]]

    @asynccontextmanager
    async def equipment(self, submitted: ev.TaskSubmitted, started: ev.TaskStarted | None) -> AsyncIterator[dict[str, Tool]]:
        """The tools of a task, by name, for as long as the block runs: its profile's, and those of the servers it brought.

        A tool of its own servers that is not what it was when the task started is left out. Raises ``InvalidInput``, also for
        an own server that cannot be used when the task starts.
        """
        profile = find_profile(self.agents, submitted.agent)
        wanted = of_runtime(submitted.tools, submitted.mcp_servers)
        await self._tools.refresh(profile.settings.tools if wanted is None else wanted)
        tools = self.tools(profile, wanted)
        async with self._task_servers.opened(submitted.mcp_servers) as servers:
            for server in servers:
                if server.problem is not None and started is None:
                    raise InvalidInput(f"The MCP server {server.name} ({server.place}) cannot be used: {server.problem}.")
                own = chosen_of(server, submitted.tools)
                tools |= {t.name: t for t in own if started is None or started.tools.get(t.name) == t.pinned}
            yield tools

    def tools(self, profile: Profile, wanted: Sequence[str] | None) -> dict[str, Tool]:
        """The tools a task may call, by name: the profile's, narrowed to ``wanted``. Raises ``InvalidInput``."""
        try:
            allowed = {tool.name: tool for tool in self._tools.select(profile.settings.tools)}
            chosen = allowed if wanted is None else {tool.name: tool for tool in self._tools.select(wanted)}
        except NotFound as error:
            raise InvalidInput(error.message, hint=error.hint) from None
        beyond = sorted(chosen.keys() - allowed.keys())
        if beyond:
            raise InvalidInput(
                f"Agent {profile.name} may not use {', '.join(beyond)}.",
                hint=f"Add it to `tools` in [agents.{profile.name}], or leave it out of the request.",
            )
        return chosen

    def _allowed_models(self, profile: Profile, wanted: Sequence[str] | None) -> tuple[str, ...] | None:
        own = profile.settings.models
        for name in (*(wanted or ()), *(own or ())):
            try:
                self._models.get(name)
            except NotFound as error:
                raise InvalidInput(error.message, hint=error.hint) from None
        if wanted is None or own is None:
            return tuple(wanted) if wanted is not None else own
        beyond = sorted(set(wanted) - set(own))
        if beyond:
            raise InvalidInput(f"Agent {profile.name} may not use the model {', '.join(beyond)}.")
        return tuple(wanted)


def of_runtime(wanted: Sequence[str] | None, servers: Sequence[TaskServer]) -> tuple[str, ...] | None:
    """The names and patterns in ``wanted`` that do not mean a server of the task's own."""
    own = {server.name for server in servers}
    return None if wanted is None else tuple(name for name in wanted if name.partition(".")[0] not in own)


def chosen_of(server: Server, wanted: Sequence[str] | None) -> list[Tool]:
    """A server's tools, narrowed by those names and patterns in ``wanted`` that mean the server."""
    patterns = [name for name in wanted or () if name.partition(".")[0] == server.name]
    return [t for t in server.tools.values() if not patterns or any(fnmatchcase(t.name, pattern) for pattern in patterns)]


def conversation(earlier: Sequence[TaskRecord], unfinished: Mapping[str, Message | None] | None = None) -> tuple[Message, ...]:
    """Goals and answers of a thread's earlier tasks, oldest first, the newest that fit ``HISTORY_CHARS``. ``unfinished`` says
    by task id what stands in for an answer."""
    kept: list[Message] = []
    room = HISTORY_CHARS
    for record in earlier[:HISTORY_TASKS]:
        answer = (unfinished or {}).get(record.id) or _answer(record)
        room -= len(record.goal) + len(answer.content)
        if room < 0:
            break
        kept.append(answer)
        kept.append(Message(role="user", content=record.goal))
    return tuple(reversed(kept))


def _answer(record: TaskRecord) -> Message:
    answer = record.answer or f"(This task ended {record.outcome or record.status}.)"
    return Message(role="assistant", content=answer, label=record.label or SYSTEM)


def first_events(
    submitted: ev.TaskSubmitted, attachments: Sequence[ev.AttachmentReceived], start_at: datetime | None = None
) -> list[ev.Event]:
    """How a journal begins. A task with a ``start_at`` waits for it."""
    now = datetime.now(UTC)
    rest = [] if start_at is None else [ev.TaskWaiting(reason=WaitingReason.TIMER, wake_at=start_at.astimezone(UTC))]
    return [ev.Event(seq, now, 0, data) for seq, data in enumerate((submitted, *attachments, *rest), 1)]


def starting(start_at: datetime | None, also: Callable[[Any, str], None] | None) -> Callable[[Any, str], None] | None:
    """``also``, and before it the refusal of a ``start_at`` that is past: in the transaction, so that who submits the same
    task twice under one key gets the first one, also when its time has come meanwhile."""
    if start_at is None:
        return also

    def check(connection: Any, task_id: str) -> None:
        if start_at <= datetime.now(UTC):
            hint = "Give a time that is to come, with its offset from UTC; or leave `start_at` out to start now."
            raise InvalidInput(f"start_at lies in the past: {start_at.isoformat()}.", hint=hint)
        if also is not None:
            also(connection, task_id)

    return check
