"""Child tasks: submitted for a step of a plan, told of to their parent, and canceled with it.

A child's id is in the parent's journal before the child is submitted, so a step never has two.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from agents.profile import find_profile
from agents.requests import TaskRequest
from agents.submission import Admission
from agents.task_log import TaskLog
from journal import events as ev
from journal.errors import Conflict, InvalidInput, NotFound, StorageError
from journal.ids import new_id
from journal.projection import TaskState
from journal.records import InboxItem, InboxKind, TaskRecord
from journal.store import Journal
from journal.values import Budget, Grant, Status, WaitingReason
from planners.granted import covering
from planners.plan.schedule import children_open
from planners.planner import Delegation
from trust.labels import Trust

LOOK_SECONDS = 60.0
"""A parent looks at its children at least so often, should the word of their end be lost."""

logger = logging.getLogger(__name__)

Submit = Callable[[str, str, ev.TaskSubmitted], Awaitable[TaskRecord]]
"""``(tenant, task id, first event)``: write a new task and ring for a worker."""

Send = Callable[[str, str, InboxItem], Awaitable[TaskRecord]]
"""``(tenant, task id, mail)``: put it into the inbox and see to it that it is read."""


class Subtasks:
    """Looks after the children of the tasks that run in this process."""

    def __init__(self, journal: Journal, admission: Admission, submit: Submit, send: Send) -> None:
        self._journal = journal
        self._admission = admission
        self._submit = submit
        self._send = send

    async def look_after(self, log: TaskLog, order: Delegation) -> None:
        """Submit the child, unless it is there; note its end, if it has ended."""
        state = log.state
        try:
            first = self._first_event(log, order)
        except InvalidInput as error:
            log.note(ev.StepFailed(step_id=order.step, error="invalid_task", message=error.message, label=order.label))
            return
        if state.plan is not None and order.step not in state.plan.children:
            log.note(ev.StepDelegated(step_id=order.step, task_id=new_id("task"), budget=first.budget))
            await log.commit()
        if state.plan is None:
            return
        child_id = state.plan.children[order.step].task_id
        try:
            record = await self._journal.record(state.tenant, child_id)
        except NotFound:
            record = await self._submit(state.tenant, child_id, first)
        if record.status.ended:
            log.note(_ending(order, record))

    async def after(self, state: TaskState) -> None:
        """Once a task has ended here: tell its parent, and cancel what its own children still do."""
        if not state.ended:
            return
        if state.submitted.parent_id is not None:
            mail = InboxItem(InboxKind.SUBTASK, {"task_id": state.id})
            await self._tell(state.tenant, state.submitted.parent_id, mail)
        for _, child in children_open(state.plan) if state.plan else ():
            await self._tell(state.tenant, child.task_id, InboxItem(InboxKind.CANCEL, {"by": f"task {state.id}"}))

    async def _tell(self, tenant: str, task_id: str, mail: InboxItem) -> None:
        try:
            if not (await self._journal.record(tenant, task_id)).status.ended:
                await self._send(tenant, task_id, mail)
        except (NotFound, Conflict, StorageError) as error:
            logger.warning("a task could not be told of another's end: %s", error, extra={"task_id": task_id})

    def _first_event(self, log: TaskLog, order: Delegation) -> ev.TaskSubmitted:
        """Raises ``InvalidInput``. Where its context holds text from outside, the child goes step by step: a plan is made of
        trusted words alone."""
        parent, wanted = log.state.submitted, order.order
        request = TaskRequest(
            goal=wanted.goal,
            agent=wanted.agent or parent.agent,
            planner=None,
            tools=list(wanted.tools) if wanted.tools is not None else None if parent.tools is None else list(parent.tools),
            context=order.context,
            namespaces=None if parent.namespaces is None else list(parent.namespaces),
        )
        first = self._admission.admit(request, (), by=f"task {log.state.id}")
        if parent.tools is not None and wanted.tools is not None:
            first = first.model_copy(update={"tools": self._within(log.state, first)})
        outside = order.label.trust is Trust.UNTRUSTED and first.planner == "plan"
        if (grant := covering(parent.grants, order.label)) is not None:
            first, outside = first.model_copy(update={"planner": "plan", "tools": _granted(log.state, grant)}), False
        return first.model_copy(
            update={
                "parent_id": log.state.id,
                "on_behalf_of": parent.owner,
                "words": log.state.words,
                "under": tuple(dict.fromkeys((parent.agent, *parent.under))),
                "label": order.label,
                "models": parent.models or first.models,
                "planner": "react" if outside else first.planner,
                "budget": _cut(log, wanted.budget or first.budget, halved=wanted.budget is None),
            }
        )

    def _within(self, state: TaskState, child: ev.TaskSubmitted) -> tuple[str, ...]:
        """The child's tools that its parent has, where whoever submitted the parent chose these. Raises ``InvalidInput``."""
        chosen = self._admission.tools(find_profile(self._admission.agents, child.agent), child.tools)
        beyond = sorted(chosen.keys() - (state.started.tools if state.started else {}))
        if beyond:
            raise InvalidInput(f"The task itself may not use {', '.join(beyond)}.")
        return tuple(sorted(chosen))


def _granted(state: TaskState, grant: Grant) -> tuple[str, ...]:
    """Those of the task's tools that a grant names. Raises ``InvalidInput`` where there are none."""
    own = state.started.tools if state.started else {}
    named = tuple(sorted(name for name in own if any(fnmatchcase(name, pattern) for pattern in grant.tools)))
    if not named:
        raise InvalidInput(f"The task has none of the tools that may be used on {grant.source}: {', '.join(grant.tools)}.")
    return named


def rest_for_children(log: TaskLog) -> bool:
    """Rest until a child ends, if there is one to wait for."""
    waited_for = tuple(item for item, _ in children_open(log.state.plan)) if log.state.plan else ()
    if waited_for:
        wake_at = datetime.now(UTC) + timedelta(seconds=LOOK_SECONDS)
        log.note(ev.TaskWaiting(reason=WaitingReason.SUBTASK, calls=waited_for, wake_at=wake_at))
    return bool(waited_for)


def _cut(log: TaskLog, wanted: Budget, *, halved: bool) -> Budget:
    """What a child may use: no more than its parent has left, and where the plan does not say how much, half of that."""
    own, spent = log.state.submitted.budget, log.state.committed
    share = 0.5 if halved else 1.0
    tokens = own.max_tokens - spent.input_tokens - spent.output_tokens
    return Budget(
        max_steps=min(wanted.max_steps, own.max_steps),
        max_cost_usd=max(0.0, min(wanted.max_cost_usd, share * (own.max_cost_usd - spent.cost_usd))),
        max_tokens=max(1, min(wanted.max_tokens, int(share * tokens))),
        max_seconds=max(0.001, min(wanted.max_seconds, own.max_seconds - log.seconds_used())),
    )


def _ending(order: Delegation, record: TaskRecord) -> ev.StepCompleted | ev.StepFailed:
    label = record.label or order.label
    if record.status is Status.COMPLETED:
        return ev.StepCompleted(step_id=order.step, value=record.answer, label=label, usage=record.usage)
    error = record.outcome.value if record.outcome else record.status.value
    message = record.error.detail if record.error else f"The child task ended {record.status}."
    return ev.StepFailed(step_id=order.step, error=error, message=message, label=label, usage=record.usage)
