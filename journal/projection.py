"""The fold of a journal: everything a holder must know to go on, and the row the task table shows.

Resume is ``TaskState.of(events)``; a holder that appends keeps its state by applying each new event, so the work
per step does not grow with the history. Nothing here reads a clock or a database.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from journal import events as ev
from journal.asking import GUARD, Asking, OpenRequest
from journal.call_state import CallStage, CallState
from journal.events import Event
from journal.folding import approvals, asking, calls, plans, tasks
from journal.folding.handlers import Handlers
from journal.plan_state import PlanState
from journal.records import TaskRecord
from journal.techniques import is_aside
from journal.values import (
    Approval,
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
)
from trust.digest import digest
from trust.labels import Label, join


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
    seen: Counter[str] = field(default_factory=Counter)
    """How many intents there are for each tool, version and arguments, by their digest."""
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
        return self.seen[digest([tool, version, args])]

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

    def call_of(self, call_id: str, tool: str, args: dict[str, Any] | None = None) -> CallState:
        """The call of that id; where it is a plan's, or the model's turn that asked for it is forgotten, one made anew."""
        return self.calls.setdefault(call_id, CallState(ToolCall(id=call_id, tool=tool, args=args or {})))

    def spend(self, **more: float) -> None:
        """Add to the usage, field by field."""
        self.usage = self.usage.model_copy(update={name: getattr(self.usage, name) + amount for name, amount in more.items()})

    def spend_reserved(self, reserved: Reservation) -> None:
        """Count a reservation that is not settled as spent."""
        self.usage = _add_reserved(self.usage, reserved)

    def see(self, label: Label) -> None:
        """Something with this label entered the context."""
        self.context_label = label if self.context_label is None else join(self.context_label, label)

    def see_what_plans_do_not(self) -> None:
        """Who works step by step is shown the thread's answers and short attachments whoever wrote them, and every tool as it
        describes itself."""
        read = [m.label for m in self.history] + [a.label for a in self.attachments if a.inline]
        if self.started is not None and self.started.described is not None:
            read.append(self.started.described)
        for label in read:
            self.see(label)

    def count_rest(self, event: Event) -> None:
        """A wait ends, or turns into another: count it, if it was for a person."""
        if self.waiting is not None and self.waiting.reason.needs_person:
            self.rested_seconds += (event.at - self.waiting.since).total_seconds()

    def end(self, event: Event, status: Status, outcome: Outcome | None) -> None:
        """A model call that is still open will never be settled: what was reserved for it stays spent."""
        apart = (*self.asides.values(), *self.guarding.values())
        conversations = [*apart, *(self.plan.asking.values() if self.plan else ())]
        for request in (self.open_request, *(conversation.open for conversation in conversations)):
            if request is not None:
                self.spend_reserved(request.reserved)
        self.status, self.outcome, self.waiting, self.ended_at = status, outcome, None, event.at


def _add_reserved(usage: Usage, reserved: Reservation) -> Usage:
    return usage.model_copy(
        update={
            "input_tokens": usage.input_tokens + reserved.input_tokens,
            "output_tokens": usage.output_tokens + reserved.output_tokens,
            "cost_usd": usage.cost_usd + reserved.cost_usd,
        }
    )


_FORGOTTEN_GOAL = ev.TaskSubmitted(goal="", agent="", planner="", budget=Budget())


_HANDLERS: Handlers = {**tasks.HANDLERS, **asking.HANDLERS, **calls.HANDLERS, **approvals.HANDLERS, **plans.HANDLERS}
