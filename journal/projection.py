"""The fold of a journal: everything a holder must know to go on, and the row the task table shows.

Resume is ``TaskState.of(events)``; a holder that appends keeps its state by applying each new event, so the work
per step does not grow with the history. Nothing here reads a clock or a database.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from journal import events as ev
from journal.events import Event
from journal.plan_state import Asking, OpenRequest, PlanState
from journal.plans import step_of
from journal.records import TaskRecord
from journal.techniques import CRITIQUE, is_aside
from journal.values import (
    Approval,
    ApprovalStatus,
    Budget,
    CallUnderApproval,
    Message,
    Outcome,
    Problem,
    Reservation,
    SourceRef,
    Status,
    ToolCall,
    Usage,
    Waiting,
    WaitingReason,
)
from trust.digest import digest
from trust.labels import SYSTEM, USER, Label, Trust, join

SUMMARIZE = "summarize"
"""The role of calls that write summaries: they are no turns."""

GUARD = "guard:"
"""How the steps are called under which the guard asks models: in conversations of their own, whatever the planner."""

TOO_LONG = "ContextTooLong"
"""What ``llm.failed`` calls a prompt that does not fit the model's window."""


class CallStage(StrEnum):
    """Where one tool call stands."""

    ASKED = "asked"
    """The model asked for it; nothing has been sent."""
    APPROVED = "approved"
    """A person said yes; nothing has been sent."""
    SENT = "sent"
    """Its intent is journaled; whether it happened is not yet known."""
    IN_DOUBT = "in_doubt"
    """It will not be known without a person."""
    DONE = "done"
    """Its result or failure is journaled."""


@dataclass(slots=True)
class CallState:
    """One call of the model's latest turn. ``attempts`` counts journaled intents, ``occurrence`` equal earlier calls."""

    call: ToolCall
    stage: CallStage = CallStage.ASKED
    approval_id: str | None = None
    denied: str | None = None
    """Set when a person refused, an approval ran out, or a doubtful call was left undone: why."""
    edited: bool = False
    """A person approved it with other arguments than the model's."""
    reply: str | None = None
    """What a person answered to this call's question."""
    intent_key: str | None = None
    occurrence: int = 0
    attempts: int = 0
    sent_at: datetime | None = None
    sent_epoch: int = 0
    sent_version: str = ""
    """The tool's version that the latest intent names."""
    not_happened: bool = False
    """Settled as not having happened: it may be sent again."""
    labels: dict[str, Label] | None = None
    """Where each argument came from, for a call of a plan; ``None``: the model has read the whole context."""
    decided: Label | None = None
    """The label of all the model had read when it asked for the call; a plan's calls are decided by the plan."""
    condition: Label | None = None
    """The label of what whether and how often a plan's call is made depends on."""


@dataclass(slots=True)
class TaskState:
    """See the module's docstring. Mutable, but only ``apply`` changes it."""

    id: str
    tenant: str
    submitted: ev.TaskSubmitted
    created_at: datetime
    history: tuple[Message, ...] = ()
    """Goals and answers of the thread's earlier tasks."""
    started: ev.TaskStarted | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    status: Status = Status.SUBMITTED
    outcome: Outcome | None = None
    waiting: Waiting | None = None
    usage: Usage = field(default_factory=Usage)
    last_seq: int = 0
    open_request: OpenRequest | None = None
    last_completion: ev.LlmCompleted | None = None
    heard_since_completion: bool = False
    """A person said something that the model has not been shown yet."""
    failures: list[ev.LlmFailed] = field(default_factory=list)
    """Model calls that failed since the last one that was answered."""
    asked_since_completion: int = 0
    """Requests sent since the last one that was answered."""
    setbacks: int = 0
    """Rests in a row that were taken because no model could answer."""
    shortened: bool = False
    """Since the last answer the prompt was compacted because the API called it too long."""
    repairs: int = 0
    """How often in a row the model was asked to mend its answer."""
    repairs_in_all: int = 0
    rested_seconds: float = 0.0
    """Time spent waiting for people, which no deadline counts."""
    calls: dict[str, CallState] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    attachments: tuple[ev.AttachmentReceived, ...] = ()
    """The files that came with the goal, without their content."""
    answer: str | None = None
    output: Any = None
    sources: tuple[SourceRef, ...] = ()
    label: Label | None = None
    error: Problem | None = None
    left_out: bool = False
    """It is no part of its thread's history."""
    context_label: Label | None = None
    planner: str = ""
    """The planner that ``auto`` works by now; empty where the task names one itself."""
    plan: PlanState | None = None
    handovers: int = 0
    """How often ``auto`` changed from one planner to the other."""
    unplanned: int = 0
    """Answers of the model since the plan was last made or revised: the latest attempts at one."""
    said: tuple[str, ...] = ()
    """What the person said since the goal, in their own words."""
    effects: Counter[str] = field(default_factory=Counter)
    """How many effects each tool was called for, by name."""
    denied: set[str] = field(default_factory=set)
    """Digests of tool and arguments of calls that a person denied: nobody is asked about them again."""
    refused: bool = False
    """A person denied an effect that was chosen after text from outside had been read."""
    standing: tuple[CallUnderApproval, ...] = ()
    """Calls like these are approved for the rest of the task."""
    guarding: dict[str, Asking] = field(default_factory=dict)
    """The guard's conversations with models, by step."""
    asides: dict[str, Asking] = field(default_factory=dict)
    """Model calls about the latest answer that are no part of the conversation: samples of it, a critique."""
    criticised: bool = False
    """An answer of this task has had its critique."""
    _seen: Counter[str] = field(default_factory=Counter)
    _record: TaskRecord | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, tenant: str, task_id: str, events: Iterable[Event]) -> "TaskState":
        """Fold a journal (or a prefix of one), which starts with ``task.submitted``."""
        rest = iter(events)
        first = next(rest)
        if first.kind != ev.TaskSubmitted.kind:
            raise ValueError(f"a journal starts with task.submitted, not {first.kind}")
        submitted = first.data if isinstance(first.data, ev.TaskSubmitted) else _FORGOTTEN_GOAL
        state = cls(task_id, tenant, submitted, created_at=first.at, history=submitted.history, last_seq=first.seq)
        for event in rest:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Take one more event into account; it must be the next one."""
        if event.seq != self.last_seq + 1:
            raise ValueError(f"{self.id}: event {event.seq} does not follow {self.last_seq}")
        self.last_seq = event.seq
        handler = _HANDLERS.get(type(event.data))
        if handler is not None:
            handler(self, event, event.data)

    @property
    def ended(self) -> bool:
        return self.status.ended

    @property
    def open_calls(self) -> list[CallState]:
        """The latest turn's calls that have no result yet, in the order the model gave them."""
        return [c for c in self.calls.values() if c.stage is not CallStage.DONE]

    @property
    def committed(self) -> Usage:
        """What is spent, counting the reservations of model calls that are under way, or were when their worker died."""
        if self.ended:
            return self.usage
        apart = (*self.asides.values(), *self.guarding.values())
        asides = [asking.open.reserved for asking in apart if asking.open is not None]
        under_way = len(asides) + (self.plan.asked if self.plan else 0)
        spent = self.usage.model_copy(update={"steps": self.usage.steps + under_way})
        asked = [self.open_request.reserved] if self.open_request is not None else []
        for reserved in (*asked, *(self.plan.reserved() if self.plan else ()), *asides):
            spent = _add_reserved(spent, reserved)
        return spent

    @property
    def words(self) -> tuple[str, ...]:
        """What the person typed: a child's goal is a plan's word, not theirs."""
        own = () if self.submitted.parent_id is not None else (self.submitted.goal,)
        return (*own, *self.submitted.words, *self.said)

    def asking(self, step: str) -> Asking:
        """The conversation of a step, or of an aside, with its model; with none so far, a new one."""
        if step.startswith(GUARD):
            return self.guarding.setdefault(step, Asking())
        if is_aside(step):
            return self.asides.setdefault(step, Asking())
        if self.plan is None:
            return Asking()
        return self.plan.asking.setdefault(step, Asking())

    def adopt(self, call: ToolCall, labels: dict[str, Label], condition: Label) -> CallState:
        """The state of a plan's call. It follows from the journal alone, and enters it with the call's first event."""
        known = self.calls.setdefault(call.id, CallState(call))
        if known.stage is CallStage.ASKED and not known.edited:
            known.call = call
        known.labels, known.condition = labels, condition
        return known

    def occurrence(self, tool: str, version: str, args: dict[str, Any]) -> int:
        """How many effects with this tool, version and arguments the journal already holds an intent for."""
        return self._seen[digest([tool, version, args])]

    def record(self) -> TaskRecord:
        """The row of the task table as of ``last_seq``."""
        self._record = (self._record or self._first_record()).model_copy(
            update={
                "status": self.status,
                "outcome": self.outcome,
                "answer": self.answer,
                "output": self.output,
                "sources": self.sources,
                "label": self.label,
                "waiting": self.waiting,
                "usage": self.usage,
                "error": self.error,
                "left_out": self.left_out,
                "last_seq": self.last_seq,
                "started_at": self.started_at,
                "ended_at": self.ended_at,
            }
        )
        return self._record

    def _first_record(self) -> TaskRecord:
        """What never changes; copying it is much cheaper than making it anew at every commit."""
        s = self.submitted
        return TaskRecord(
            id=self.id,
            tenant=self.tenant,
            goal=s.goal,
            agent=s.agent,
            planner=s.planner,
            thread_id=s.thread_id,
            parent_id=s.parent_id,
            forked_from=s.forked_from,
            budget=s.budget,
            created_at=self.created_at,
            metadata=s.metadata,
            priority=s.priority,
        )

    def _call(self, call_id: str, tool: str, args: dict[str, Any] | None = None) -> CallState:
        """The call of that id; where it is a plan's, or the model's turn that asked for it is forgotten, one made anew."""
        return self.calls.setdefault(call_id, CallState(ToolCall(id=call_id, tool=tool, args=args or {})))

    def _spend(self, **more: float) -> None:
        self.usage = self.usage.model_copy(update={name: getattr(self.usage, name) + amount for name, amount in more.items()})

    def _spend_reserved(self, reserved: Reservation) -> None:
        self.usage = _add_reserved(self.usage, reserved)

    def _see(self, label: Label) -> None:
        self.context_label = label if self.context_label is None else join(self.context_label, label)

    def _rested(self, event: Event) -> None:
        """A wait ends, or turns into another: count it, if it was for a person."""
        if self.waiting is not None and self.waiting.reason.needs_person:
            self.rested_seconds += (event.at - self.waiting.since).total_seconds()

    def _end(self, event: Event, status: Status, outcome: Outcome | None) -> None:
        """A model call that is still open will never be settled: what was reserved for it stays spent."""
        apart = (*self.asides.values(), *self.guarding.values())
        conversations = [*apart, *(self.plan.asking.values() if self.plan else ())]
        for request in (self.open_request, *(asking.open for asking in conversations)):
            if request is not None:
                self._spend_reserved(request.reserved)
        self.status, self.outcome, self.waiting, self.ended_at = status, outcome, None, event.at


def _add_reserved(usage: Usage, reserved: Reservation) -> Usage:
    return usage.model_copy(
        update={
            "input_tokens": usage.input_tokens + reserved.input_tokens,
            "output_tokens": usage.output_tokens + reserved.output_tokens,
            "cost_usd": usage.cost_usd + reserved.cost_usd,
        }
    )


def _started(state: TaskState, event: Event, data: ev.TaskStarted) -> None:
    state.status, state.started, state.started_at = Status.WORKING, data, event.at
    state.planner = data.planner
    trusted = (m.label for m in state.history if m.label.trust is Trust.TRUSTED)
    state._see(join(state.submitted.label, SYSTEM, *trusted))
    if (data.planner or state.submitted.planner) != "plan":
        _see_what_plans_do_not(state)


def _see_what_plans_do_not(state: TaskState) -> None:
    """Who works step by step is shown the thread's answers and short attachments whoever wrote them, and every tool as it
    describes itself."""
    read = [m.label for m in state.history] + [a.label for a in state.attachments if a.inline]
    if state.started is not None and state.started.described is not None:
        read.append(state.started.described)
    for label in read:
        state._see(label)


def _waiting(state: TaskState, event: Event, data: ev.TaskWaiting) -> None:
    state._rested(event)
    state.status = Status.INPUT_REQUIRED if data.reason.needs_person else Status.WORKING
    state.waiting = Waiting(
        reason=data.reason,
        since=event.at,
        wake_at=data.wake_at,
        question=data.question,
        calls=data.calls,
        approvals=data.approvals,
        behind=data.behind,
        halted=data.halted,
    )


def _resumed(state: TaskState, event: Event, data: ev.TaskResumed) -> None:
    state._rested(event)
    if data.reason in (WaitingReason.TIMER, WaitingReason.RATE_LIMIT) and state.started is not None:
        state.failures, state.setbacks = [], state.setbacks + 1
        for asking in (*state.asides.values(), *(state.plan.asking.values() if state.plan else ())):
            asking.failures = []
    if state.plan is not None and data.reason is WaitingReason.PAUSED:
        state.plan.released = True
    if data.history is not None:
        state.history = data.history
    state.status, state.waiting = Status.WORKING, None


def _forked(state: TaskState, event: Event, data: ev.TaskForked) -> None:
    state.rested_seconds += data.idle_seconds
    if not data.retry:
        return
    state.failures, state.asked_since_completion, state.setbacks, state.shortened = [], 0, 0, False
    state.repairs = state.repairs_in_all = 0
    state.unplanned = 0
    if state.plan is not None:
        state.plan.begin_anew()


def _completed(state: TaskState, event: Event, data: ev.TaskCompleted) -> None:
    state.answer, state.output = data.answer, data.output
    state.sources, state.label = data.sources, data.label
    state._end(event, Status.COMPLETED, data.outcome)


def _failed(state: TaskState, event: Event, data: ev.TaskFailed) -> None:
    state.answer, state.error = data.answer, data.error
    state._end(event, Status.FAILED, data.outcome)


def _canceled(state: TaskState, event: Event, data: ev.TaskCanceled) -> None:
    state.left_out = data.left_out
    state._end(event, Status.CANCELED, data.outcome)


def _rejected(state: TaskState, event: Event, data: ev.TaskRejected) -> None:
    state.error = data.error
    state._end(event, Status.REJECTED, data.outcome)


def _llm_requested(state: TaskState, event: Event, data: ev.LlmRequested) -> None:
    if data.step:
        _step_requested(state, event, data)
        return
    if state.plan is not None:
        state.plan.asked_about = state.plan.failed
    if state.open_request is not None:
        state._spend_reserved(state.open_request.reserved)
    state.open_request = OpenRequest(event.seq, data.model, data.reserved, data.role)
    state._spend(model_calls=1)
    if data.role == SUMMARIZE:
        return
    state.heard_since_completion = False
    state.asked_since_completion += 1
    is_repair = bool(data.added) and not data.technique
    state.repairs += is_repair
    state.repairs_in_all += is_repair


def _step_requested(state: TaskState, event: Event, data: ev.LlmRequested) -> None:
    asking = state.asking(data.step)
    if asking.open is not None:
        state._spend_reserved(asking.open.reserved)
    asking.open = OpenRequest(event.seq, data.model, data.reserved)
    asking.asked += 1
    state._spend(model_calls=1)


def _llm_completed(state: TaskState, event: Event, data: ev.LlmCompleted) -> None:
    if data.step:
        _spend_answer(state, data, steps=1)
        asking = state.asking(data.step)
        asking.open, asking.failures, asking.asked = None, [], 0
        asking.answers.append(data)
        state.criticised = state.criticised or data.step == CRITIQUE
        return
    state.open_request = None
    if is_turn := data.role != SUMMARIZE:
        _turn_completed(state, data)
    _spend_answer(state, data, steps=int(is_turn))


def _spend_answer(state: TaskState, data: ev.LlmCompleted, *, steps: int) -> None:
    state._spend(
        steps=steps,
        input_tokens=data.usage.input_tokens,
        cached_input_tokens=data.usage.cached_input_tokens,
        output_tokens=data.usage.output_tokens,
        cost_usd=data.cost_usd,
    )


def _turn_completed(state: TaskState, data: ev.LlmCompleted) -> None:
    state.last_completion, state.failures = data, []
    state.asked_since_completion = state.setbacks = 0
    state.shortened = False
    for aside in state.asides.values():
        if aside.open is not None:
            state._spend_reserved(aside.open.reserved)
    state.asides = {}
    state.unplanned += 1
    if data.tool_calls:
        state.repairs = 0
    kept = {i: call for i, call in state.calls.items() if state.plan is not None and state.plan.has(i)}
    state.calls = kept | {call.id: CallState(call, decided=state.context_label) for call in data.tool_calls}


def _llm_failed(state: TaskState, event: Event, data: ev.LlmFailed) -> None:
    if data.step:
        _step_failed_to_ask(state, data)
        return
    asked = state.open_request
    if asked is not None and data.spent:
        state._spend_reserved(asked.reserved)
    state.open_request = None
    if asked is None or asked.role != SUMMARIZE:
        state.failures.append(data)


def _step_failed_to_ask(state: TaskState, data: ev.LlmFailed) -> None:
    asking = state.asking(data.step)
    if asking.open is not None and data.spent:
        state._spend_reserved(asking.open.reserved)
    asking.open = None
    asking.failures.append(data)


def _context_compacted(state: TaskState, event: Event, data: ev.ContextCompacted) -> None:
    """Who found the longer prompt too long may be asked again."""
    state.shortened = state.shortened or data.reason == "refused"
    state.failures = [failure for failure in state.failures if failure.error != TOO_LONG]


def _attachment_received(state: TaskState, event: Event, data: ev.AttachmentReceived) -> None:
    """A text that the model reads with the goal is a source like one that a tool returned."""
    state.attachments += (data.public(),)
    if data.inline:
        lines = max(len((data.text or "").splitlines()), 1)
        state.sources += (SourceRef(source=data.path, position=f"lines 1-{lines}", label=data.label),)


def _tool_requested(state: TaskState, event: Event, data: ev.ToolRequested) -> None:
    call = state._call(data.call_id, data.tool, data.args)
    if data.attempt == 1:
        state._seen[digest([data.tool, data.version, data.args])] += 1
        state.effects[data.tool] += 1
    call.stage, call.intent_key = CallStage.SENT, event.intent_key
    call.occurrence, call.attempts, call.not_happened = data.occurrence, data.attempt, False
    call.sent_at, call.sent_epoch, call.sent_version = event.at, event.epoch, data.version


def _tool_completed(state: TaskState, event: Event, data: ev.ToolCompleted) -> None:
    _call_done(state, event, data, data.result.label)
    known = set(state.sources)
    state.sources += tuple(s for s in dict.fromkeys(data.result.sources) if s not in known)


def _tool_failed(state: TaskState, event: Event, data: ev.ToolFailed) -> None:
    _call_done(state, event, data, data.label)


def _call_done(state: TaskState, event: Event, data: ev.ToolCompleted | ev.ToolFailed, label: Label) -> None:
    """What a plan's step returns is a value: it does not enter the context."""
    state._spend(tool_calls=1)
    state._call(data.call_id, data.tool).stage = CallStage.DONE
    if state.plan is not None and state.plan.has(data.call_id):
        state.plan.called(event, data)
    else:
        state._see(label)


def _tool_in_doubt(state: TaskState, event: Event, data: ev.ToolInDoubt) -> None:
    state._call(data.call_id, data.tool).stage = CallStage.IN_DOUBT


def _tool_reconciled(state: TaskState, event: Event, data: ev.ToolReconciled) -> None:
    call = state._call(data.call_id, data.tool)
    if data.verdict == "not_happened":
        call.stage, call.not_happened = CallStage.APPROVED, True


def _approval_requested(state: TaskState, event: Event, data: ev.ApprovalRequested) -> None:
    state.approvals[data.approval_id] = Approval(
        id=data.approval_id,
        task_id=state.id,
        digest=data.digest,
        expires_at=data.expires_at,
        escalates_at=data.escalates_at,
        calls=data.calls,
        plan_version=data.plan_version,
    )
    for call in data.calls:
        state._call(call.step_id, call.tool, call.args).approval_id = data.approval_id


def _approval_escalated(state: TaskState, event: Event, data: ev.ApprovalEscalated) -> None:
    approval = state.approvals.get(data.approval_id)
    if approval is not None:
        state.approvals[approval.id] = approval.model_copy(update={"escalated_at": event.at})


_DECIDED = {
    "approve": ApprovalStatus.APPROVED,
    "edit": ApprovalStatus.APPROVED,
    "deny": ApprovalStatus.DENIED,
    "expired": ApprovalStatus.EXPIRED,
    "void": ApprovalStatus.VOID,
}


def _approval_decided(state: TaskState, event: Event, data: ev.ApprovalDecided) -> None:
    approval = state.approvals.get(data.approval_id)
    if approval is None:  # its request is forgotten
        return
    status = _DECIDED[data.decision]
    state.approvals[data.approval_id] = approval.model_copy(
        update={"status": status, "decided_by": data.by, "note": data.note}
    )
    if data.decision == "deny":
        _denied(state, approval)
    if data.decision == "approve" and data.scope == "task":
        state.standing += approval.calls
    for asked in approval.calls:
        call = state.calls.get(asked.step_id)
        if call is not None and call.approval_id == approval.id and call.stage in (CallStage.ASKED, CallStage.APPROVED):
            _rule(call, status, data)


def _denied(state: TaskState, approval: Approval) -> None:
    for asked in approval.calls:
        state.denied.add(digest([asked.tool, asked.args]))
        by_plan = state.plan is not None and state.plan.has(asked.step_id)
        call = state.calls.get(asked.step_id)
        decided = state.plan.label if state.plan is not None and by_plan else call.decided if call else None
        state.refused = state.refused or (decided is not None and decided.trust is Trust.UNTRUSTED)


def _rule(call: CallState, status: ApprovalStatus, data: ev.ApprovalDecided) -> None:
    """What a decision means for one call that has not been sent."""
    if status is ApprovalStatus.VOID:
        call.stage, call.approval_id = CallStage.ASKED, None
    elif status is ApprovalStatus.APPROVED:
        call.stage = CallStage.APPROVED
        if call.call.id in data.edited:
            call.call = call.call.model_copy(update={"args": data.edited[call.call.id]})
            call.edited = True
    else:
        call.denied = data.note or status.value


def _message_received(state: TaskState, event: Event, data: ev.MessageReceived) -> None:
    state._see(data.label)
    if data.label.sources == USER.sources and data.label.trust is Trust.TRUSTED:
        state.said += (data.text,)
    if data.call_id is None:
        state.heard_since_completion = True
    elif data.call_id in state.calls or (state.plan is not None and state.plan.has(data.call_id)):
        state._call(data.call_id, "").reply = data.text


def _planner_changed(state: TaskState, event: Event, data: ev.PlannerChanged) -> None:
    """Whoever works step by step from here on has read what the plan's steps returned."""
    state.planner, state.unplanned, state.handovers = data.planner, 0, state.handovers + 1
    if data.planner == "plan":
        return
    _see_what_plans_do_not(state)
    if state.plan is not None:
        state._see(join(state.plan.label, state.plan.seen))
    state.plan, state.last_completion, state.calls = None, None, {}


def _plan_created(state: TaskState, event: Event, data: ev.PlanCreated) -> None:
    state.plan = PlanState(data.plan, data.label)
    state.calls.pop(data.call_id or "", None)
    state.unplanned = state.repairs = 0


def _plan_revised(state: TaskState, event: Event, data: ev.PlanRevised) -> None:
    if state.plan is None:  # its making is forgotten
        return
    for call_id in [i for i in state.calls if step_of(i) in data.dropped]:
        call, result = state.calls.pop(call_id), state.plan.results.get(call_id)
        if call.attempts and result is not None and result.status == "completed":
            state.plan.done[digest([call.call.tool, call.call.args])] = result
    state.calls.pop(data.call_id or "", None)
    state.plan.revise(data)
    if data.by == "planner" and state.context_label is not None:
        state.plan.label = join(state.plan.label, state.context_label)
    state.unplanned = state.repairs = 0


def _step_ended(state: TaskState, event: Event, data: ev.StepCompleted | ev.StepFailed | ev.StepSkipped) -> None:
    if not isinstance(data, ev.StepSkipped) and data.usage is not None:
        state._spend(**data.usage.model_dump(exclude={"steps"}))
    match state.plan, data:
        case PlanState() as plan, ev.StepCompleted():
            plan.completed(event, data)
        case PlanState() as plan, ev.StepFailed():
            plan.failed_step(event, data)
        case PlanState() as plan, ev.StepSkipped():
            plan.skipped(event, data)


def _step_delegated(state: TaskState, event: Event, data: ev.StepDelegated) -> None:
    if state.plan is not None:
        state.plan.children[data.step_id] = data


_FORGOTTEN_GOAL = ev.TaskSubmitted(goal="", agent="", planner="", budget=Budget())
_ENDINGS = {
    ev.TaskCompleted.kind: (Status.COMPLETED, Outcome.ACHIEVED),
    ev.TaskCanceled.kind: (Status.CANCELED, Outcome.CANCELED),
    ev.TaskFailed.kind: (Status.FAILED, None),
    ev.TaskRejected.kind: (Status.REJECTED, None),
}


def _forgotten(state: TaskState, event: Event, data: ev.Forgotten) -> None:
    """What is still known from the kind alone."""
    if data.was in _ENDINGS:
        state._end(event, *_ENDINGS[data.was])
    elif data.was == ev.LlmCompleted.kind:
        state.open_request, state.calls = None, {}
        state._spend(steps=1)
    elif data.was == ev.LlmFailed.kind:
        state.open_request = None
    elif data.was == ev.TaskStarted.kind:
        state.status, state.started_at = Status.WORKING, event.at
    elif data.was == ev.TaskResumed.kind:
        state.status, state.waiting = Status.WORKING, None


_HANDLERS: dict[type[ev.EventData], Callable[[TaskState, Event, Any], None]] = {
    ev.TaskStarted: _started,
    ev.TaskWaiting: _waiting,
    ev.TaskResumed: _resumed,
    ev.TaskForked: _forked,
    ev.TaskCompleted: _completed,
    ev.TaskFailed: _failed,
    ev.TaskCanceled: _canceled,
    ev.TaskRejected: _rejected,
    ev.LlmRequested: _llm_requested,
    ev.LlmCompleted: _llm_completed,
    ev.LlmFailed: _llm_failed,
    ev.ContextCompacted: _context_compacted,
    ev.AttachmentReceived: _attachment_received,
    ev.ToolRequested: _tool_requested,
    ev.ToolCompleted: _tool_completed,
    ev.ToolFailed: _tool_failed,
    ev.ToolInDoubt: _tool_in_doubt,
    ev.ToolReconciled: _tool_reconciled,
    ev.ApprovalRequested: _approval_requested,
    ev.ApprovalEscalated: _approval_escalated,
    ev.ApprovalDecided: _approval_decided,
    ev.MessageReceived: _message_received,
    ev.PlannerChanged: _planner_changed,
    ev.PlanCreated: _plan_created,
    ev.PlanRevised: _plan_revised,
    ev.StepCompleted: _step_ended,
    ev.StepFailed: _step_ended,
    ev.StepSkipped: _step_ended,
    ev.StepDelegated: _step_delegated,
    ev.Forgotten: _forgotten,
}
