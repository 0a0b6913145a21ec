"""The fold of a plan: which steps there are, how those that ended did, and what its model calls have come to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from journal import events as ev
from journal.asking import Asking
from journal.plans import Plan, Step, StepResult, item_id, step_of, value_of
from journal.values import Reservation
from trust.labels import SYSTEM, Label, Trust, join


@dataclass(slots=True)
class PlanState:
    """A plan and how far it has come. ``results`` holds ended steps by id, and items of a ``for_each`` as ``id[0]``."""

    plan: Plan
    label: Label
    """The label of the plan's own words: that of the context it was made in."""
    released: bool = False
    """A plan that was to be looked at first may run."""
    version: int = 1
    results: dict[str, StepResult] = field(default_factory=dict)
    asking: dict[str, Asking] = field(default_factory=dict)
    children: dict[str, ev.StepDelegated] = field(default_factory=dict)
    """By item id, the child task that works on it."""
    seen: Label = SYSTEM
    """The join of the labels of all that the steps returned, those revised away among them."""
    revisions: int = 0
    done: dict[str, StepResult] = field(default_factory=dict)
    """Effects of steps that were revised away, by the digest of tool and arguments: they are not made to happen again."""
    confirmed: set[str] = field(default_factory=set)
    """The texts that trusted tools returned, each as a whole value."""
    asked_about: frozenset[str] = frozenset()
    """The failed steps that the open or latest request for a revision told of."""
    steps: Mapping[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = {step.id: step for step in self.plan.steps}

    @property
    def failed(self) -> frozenset[str]:
        """Ids of the steps that failed and that no revision has replaced."""
        return frozenset(i for i, r in self.results.items() if r.status == "failed" and i in self.steps)

    def has(self, call_id: str) -> bool:
        """Whether a call belongs to one of the plan's steps."""
        return step_of(call_id) in self.steps

    @property
    def asked(self) -> int:
        """How many model calls are under way."""
        return sum(asking.open is not None for asking in self.asking.values())

    def reserved(self) -> list[Reservation]:
        """What model calls and child tasks without a recorded end may still cost."""
        calls = [asking.open.reserved for asking in self.asking.values() if asking.open is not None]
        open_children = [child.budget for item, child in self.children.items() if item not in self.results]
        return calls + [
            Reservation(input_tokens=0, output_tokens=budget.max_tokens, cost_usd=budget.max_cost_usd)
            for budget in open_children
        ]

    def begin_anew(self) -> None:
        """Ask again where models failed, and for the answer, as if nobody had tried."""
        self.revisions = 0
        self.asked_about = frozenset()
        self.asking = {item: asking for item, asking in self.asking.items() if step_of(item) in self.steps}
        for asking in self.asking.values():
            asking.failures, asking.asked = [], 0

    def revise(self, data: ev.PlanRevised) -> None:
        """Put new steps in the place of the dropped ones; what has ended stays, with its result."""
        gone = set(data.dropped)
        self.plan = Plan(
            steps=(*(s for s in self.plan.steps if s.id not in gone), *data.steps), answer=data.answer or self.plan.answer
        )
        for held in (self.results, self.asking, self.children):
            for key in [key for key in held if step_of(key) in gone]:
                del held[key]
        self.version += 1
        self.revisions += data.by == "planner"
        self.asked_about = frozenset()
        self.__post_init__()

    def called(self, event: ev.Event, data: ev.ToolCompleted | ev.ToolFailed) -> None:
        """A call of a step ended."""
        if isinstance(data, ev.ToolCompleted):
            done = StepResult(status="completed", value=value_of(data.result), label=data.result.label, seq=event.seq)
        else:
            done = StepResult(status="failed", label=data.label, error=data.error, message=data.message, seq=event.seq)
        self._end(data.call_id, done)

    def completed(self, event: ev.Event, data: ev.StepCompleted) -> None:
        """An extraction or a child task ended, or all items of a step did: then its value is the list of theirs."""
        if data.same_as is not None:
            same = next((result for result in self.done.values() if result.seq == data.same_as), None)
            value = None if same is None else same.value
            self._end(data.step_id, StepResult(status="completed", value=value, label=data.label, seq=data.same_as))
            return
        if data.items is None:
            self._end(data.step_id, StepResult(status="completed", value=data.value, label=data.label, seq=event.seq))
            return
        items = [self.results.get(item_id(data.step_id, n)) for n in range(data.items)]
        known = [item for item in items if item is not None]
        self.results[data.step_id] = StepResult(
            status="completed",
            value=[None if item is None else item.value for item in items],
            label=join(data.label, *(item.label for item in known)),
            seq=event.seq,
        )

    def failed_step(self, event: ev.Event, data: ev.StepFailed) -> None:
        failed = StepResult(status="failed", label=data.label, error=data.error, message=data.message, seq=event.seq)
        self._end(data.step_id, failed)

    def skipped(self, event: ev.Event, data: ev.StepSkipped) -> None:
        self.results[data.step_id] = StepResult(status="skipped", label=SYSTEM, seq=event.seq)

    def _end(self, item: str, result: StepResult) -> None:
        self.results[item] = result
        self.seen = join(self.seen, result.label)
        if result.label.trust is Trust.TRUSTED and any(source.startswith("tool:") for source in result.label.sources):
            self.confirmed.update(_texts_in(result.value))


def _texts_in(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)
