"""Driving a task: claim it, work until it rests or ends, hand it back."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from agents.asking import Asker
from agents.attaching import lay_out
from agents.executor import Executor
from agents.feed import Feed
from agents.holder import Holder
from agents.inbox import absorb, note_doubt
from agents.invocation import Invoker, Surroundings
from agents.judging import PolicyOf, label_of_descriptions
from agents.loop import run
from agents.means import means_of
from agents.profile import find_profile
from agents.settings import RuntimeSettings
from agents.submission import Admission
from agents.subtasks import Subtasks
from agents.task_log import TaskLog
from agents.threads import Threads
from journal import events as ev
from journal.errors import InvalidInput, StaleLease, StorageError
from journal.limits import Terms
from journal.projection import TaskState
from journal.values import Outcome, Problem, WaitingReason
from llm.router import Models
from planners.planner import Planner
from planners.registry import begin, find_planner
from planners.techniques.advice import check_tools
from planners.techniques.deliberate import Deliberate, is_weighed
from tools.errors import ToolError
from tools.types import Tool
from trust.policy import Policy

logger = logging.getLogger(__name__)


class Driver:
    """Runs tasks in this process, each from its journal alone."""

    def __init__(
        self,
        settings: RuntimeSettings,
        holder: Holder,
        admission: Admission,
        models: Models,
        surroundings: Surroundings,
        feed: Feed,
        subtasks: Subtasks,
        threads: Threads,
        policy_of: PolicyOf,
        terms: Terms,
    ) -> None:
        self._settings = settings
        self._holder = holder
        self._admission = admission
        self._models = models
        self._surroundings = surroundings
        self._invoker = Invoker(surroundings)
        self._feed = feed
        self._subtasks = subtasks
        self._threads = threads
        self._policy_of = policy_of
        self._terms = terms

    async def drive(self, task_id: str, claimed: Callable[[], None]) -> bool:
        """Work on a task until it rests, ends or is lost; ``False`` if another worker holds it. ``claimed`` is called as soon
        as that is known."""
        async with self._holder.hold(task_id, self._terms) as log:
            claimed()
            if log is None:
                return False
            try:
                if log.lease.takeovers >= self._settings.journal.max_takeovers:
                    await _abandon(log)
                elif log.lease.beyond:
                    await _queue(log)
                else:
                    await self._work(log)
            except StaleLease:
                logger.info("lost the lease", extra={"task_id": task_id})
            except StorageError as error:
                logger.error("the journal cannot be written: %s", error, extra={"task_id": task_id})
        await self._after(log.state)
        return True

    async def write_idle(self, task_id: str) -> bool:
        """Turn the mail of a task that nobody holds into events, without working on it.

        ``True`` if there is work to do now; ``False`` also when somebody else holds the task and sees to its mail.
        """
        async with self._holder.hold(task_id) as log:
            if log is None:
                return False
            absorb(log)
            await log.commit()
        await self._after(log.state)
        return not (log.state.ended or log.state.waiting)

    async def _after(self, state: TaskState) -> None:
        await self._subtasks.after(state)
        await self._threads.after(state)

    async def _work(self, log: TaskLog) -> None:
        """Whatever goes wrong inside, the task gets an ending that says so."""
        try:
            await self._until_rest(log)
        except (StaleLease, StorageError):
            raise
        except Exception as error:
            logger.exception("a task failed by a fault of the program", extra={"task_id": log.lease.task_id})
            problem = Problem(
                title="A fault of the program",
                detail=f"{type(error).__name__}: {error}",
                hint=f"The worker's log has the details: stderr of `serve`, else {self._settings.home / 'journeyman.log'}.",
            )
            log.note(ev.TaskFailed(outcome=Outcome.ERROR, error=problem))
            await log.commit()

    async def _until_rest(self, log: TaskLog) -> None:
        if not await self._may_begin(log):
            return
        async with AsyncExitStack() as stack:
            try:
                if await self._refuse_goal(log):
                    return
                planner, tools = await self._equip(log, stack)
                await lay_out(log.state, self._surroundings.journal, self._surroundings.workspaces / log.state.id)
            except (InvalidInput, ToolError) as error:
                log.note(_cannot_start(error))
                await log.commit()
                return
            asker = Asker(self._models, self._feed, tuple(t.offer for t in tools.values()), log.state.submitted.models)
            guard, policy = self._surroundings.guard, self._policy(log.state.submitted)
            executor = Executor(tools, self._invoker, policy, self._settings.approval_terms, guard)
            while True:
                await run(log, planner, asker, executor, self._subtasks, self._surroundings.guard)
                if await self._holder.release(log):
                    return

    def _policy(self, submitted: ev.TaskSubmitted) -> Policy:
        """A child task stands under the policies of the agents above it, too."""
        return self._policy_of((submitted.agent, *submitted.under))

    async def _refuse_goal(self, log: TaskLog) -> bool:
        """Whether the goal of a task that is about to start is refused; then its ending is on disk."""
        if log.state.started is not None or log.state.ended:
            return False
        objection = await self._surroundings.guard.goal(log)
        if objection is None:
            return False
        problem = Problem(title="The goal was refused", status=422, detail=objection.why)
        log.note(ev.TaskRejected(outcome=Outcome.REFUSED_BY_POLICY, error=problem))
        await log.commit()
        return True

    async def _may_begin(self, log: TaskLog) -> bool:
        """Whether the task has begun or can; one that has to rest first, or that ended meanwhile, is handed back."""
        while log.state.started is None:
            absorb(log)
            if await self._threads.has_turn(log):
                return True
            await log.commit()
            if await self._holder.release(log):
                return False
        return True

    async def _equip(self, log: TaskLog, stack: AsyncExitStack) -> tuple[Planner, dict[str, Tool]]:
        """The planner and the tools of a task; notes its start the first time. Raises ``InvalidInput``.

        What the task alone uses is let go of with ``stack``.
        """
        submitted = log.state.submitted
        profile = find_profile(self._settings.agents, submitted.agent)
        tools = await stack.enter_async_context(self._admission.equipment(submitted, log.state.started))
        check_tools(submitted.techniques, tools)
        policy = self._policy(submitted)
        planner = find_planner(submitted.planner, means_of(tools, self._models, submitted, policy))
        if log.state.started is None:
            first = begin(planner, log.state, profile.settings.instructions)
            log.note(
                ev.TaskStarted(
                    worker=self._holder.owner,
                    instructions=self._surroundings.guard.instructions(first.instructions),
                    prompt_version=first.prompt_version,
                    tools={name: tool.pinned for name, tool in tools.items()},
                    planner=first.planner,
                    why=first.why,
                    described=label_of_descriptions(tools.values(), policy),
                    techniques=first.techniques,
                )
            )
        return (Deliberate(planner) if is_weighed(submitted.techniques) else planner), tools


async def _abandon(log: TaskLog) -> None:
    """Give a task up that kills its workers: nobody would get to work otherwise."""
    absorb(log)
    if not log.state.ended:
        note_doubt(log, "Every worker that took the task on died.")
        deaths = log.lease.takeovers
        problem = Problem(
            title="The task was abandoned",
            detail=f"{deaths} workers in a row died while at it, and it came no further than event {log.state.last_seq}.",
            hint="The workers' logs and the last events say what it was at; fork it from an earlier event to try again.",
        )
        log.note(ev.TaskFailed(outcome=Outcome.ABANDONED, error=problem))
    await log.commit()


async def _queue(log: TaskLog) -> None:
    """Let a task rest that may not be worked on because of a limit. It is due all the time, and is taken in its turn."""
    absorb(log)
    if not (log.state.ended or log.state.waiting):
        log.note(ev.TaskWaiting(reason=WaitingReason.CONCURRENCY, wake_at=datetime.now(UTC)))
    await log.commit()


def _cannot_start(error: InvalidInput | ToolError) -> ev.TaskRejected | ev.TaskFailed:
    """The ending of a task whose profile, tools or attachments are not to be had."""
    if isinstance(error, InvalidInput):
        problem = Problem(title="The task cannot start", status=422, detail=error.message, hint=error.hint)
        return ev.TaskRejected(outcome=Outcome.INVALID, error=problem)
    problem = Problem(title="The attachments cannot be stored", status=507, detail=str(error))
    return ev.TaskFailed(outcome=Outcome.ERROR, error=problem)
