"""From a plan's state to what should be under way now, and to the endings that follow from the journal alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from journal import events as ev
from journal.call_state import CallState
from journal.plan_state import PlanState
from journal.plans import Step, StepResult, item_id
from journal.projection import TaskState
from journal.values import ToolCall
from planners.plan.conditions import holds
from planners.plan.extraction import Unmet, Value, extraction
from planners.plan.references import Labelled, MissingValue, as_text, references_in, resolve
from planners.plan.steps import Needs, affected, looked_at
from planners.planner import Ask, Delegation, Run
from tools.types import Tool
from trust.digest import digest
from trust.labels import SYSTEM, Label, is_from_outside, join


@dataclass(frozen=True, slots=True)
class Item:
    """One run of a step: the step itself, or one item of its ``for_each`` with that item in ``scope``."""

    id: str
    step: Step
    scope: Mapping[str, Labelled]


Piece = CallState | Ask | Delegation
Ending = ev.StepCompleted | ev.StepFailed | ev.StepSkipped


class Schedule:
    """One look at a plan: ``endings`` to record first, else ``run``. Each step is looked at once, in the plan's order."""

    def __init__(self, state: TaskState, plan: PlanState, needs: Mapping[str, Needs], tools: Mapping[str, Tool]) -> None:
        self._state = state
        self._tools = tools
        self._needs = needs
        self._plan = plan
        self.scope = {
            name: Labelled(result.value, result.label) for name, result in plan.results.items() if result.status == "completed"
        }
        self.endings: list[Ending] = []
        self.pieces: list[Piece] = []
        self.ahead: list[CallState] = []
        self._at_risk = affected(plan.plan.steps, plan.failed) if plan.failed else frozenset()
        self._conditions: dict[str, Label] = {}
        for step in plan.plan.steps:
            if step.id not in plan.results:
                self._look_at(step)

    @property
    def run(self) -> Run:
        return Run(
            calls=tuple(p for p in self.pieces if isinstance(p, CallState)),
            asks=tuple(p for p in self.pieces if isinstance(p, Ask)),
            delegations=tuple(p for p in self.pieces if isinstance(p, Delegation)),
            ahead=tuple(self.ahead),
        )

    def _look_at(self, step: Step) -> None:
        ended = self._plan.results
        if any(name not in ended or ended[name].status == "failed" for name in self._needs[step.id].all):
            self._look_ahead(step)
            return
        ending = self._skipped(step)
        if ending is not None:
            self.endings.append(ending)
        elif step.for_each is None:
            self._start(Item(step.id, step, self.scope))
        else:
            self._start_each(step)

    def _skipped(self, step: Step) -> ev.StepSkipped | None:
        for name in sorted(self._needs[step.id].values):
            if self._plan.results[name].status == "skipped":
                return ev.StepSkipped(step_id=step.id, why=f"{name} was skipped")
        if step.when is not None and not holds(step.when, self.scope):
            return ev.StepSkipped(step_id=step.id, why="its condition does not hold")
        return None

    def _look_ahead(self, step: Step) -> None:
        """A call whose arguments need no result, and that nothing makes doubtful, may be approved before its turn."""
        if self._needs[step.id].known_up_front and step.id not in self._at_risk:
            call = self._call(Item(step.id, step, self.scope))
            if isinstance(call, CallState):
                self.ahead.append(call)

    def _start_each(self, step: Step) -> None:
        loop = step.for_each
        assert loop is not None
        try:
            listed = resolve(loop.list_, self.scope, self._plan.label)
        except MissingValue as missing:
            self._fail(step.id, "missing_value", str(missing), self._plan.label)
            return
        if not isinstance(listed.value, list):
            self._fail(step.id, "not_a_list", f"{loop.list_} is not a list.", listed.label)
            return
        items = listed.value[: loop.max]
        results = [self._plan.results.get(item_id(step.id, n)) for n in range(len(items))]
        for n, (value, result) in enumerate(zip(items, results, strict=True)):
            if result is None:
                scope = {**self.scope, loop.name: Labelled(value, listed.label)}
                self._start(Item(item_id(step.id, n), step, scope))
        if all(result is not None for result in results):
            self.endings.append(_gathered(step, [r for r in results if r is not None], listed.label))

    def _start(self, item: Item) -> None:
        try:
            piece = self._piece(item)
        except MissingValue as missing:
            self._fail(item.id, "missing_value", str(missing), self._plan.label)
            return
        if isinstance(piece, ev.StepCompleted | ev.StepFailed | ev.StepSkipped):
            self.endings.append(piece)
        else:
            self.pieces.append(piece)

    def _piece(self, item: Item) -> Piece | Ending:
        """Raises ``MissingValue``."""
        if item.step.extract is not None:
            return self._extract(item)
        if item.step.delegate is not None:
            context = resolve(item.step.delegate.context, item.scope, self._plan.label)
            label = join(self._plan.label, context.label, self._condition(item.step))
            return Delegation(item.id, item.step.delegate, str(context.value), label)
        return self._call(item)

    def _call(self, item: Item) -> CallState | ev.StepCompleted:
        """The step's call; where a step that was revised away has made the very same effect happen, what it returned."""
        known = self._state.calls.get(item.id)
        if known is not None and known.labels is not None:
            return known
        resolved = {name: resolve(value, item.scope, self._plan.label) for name, value in item.step.args.items()}
        tool = self._tools.get(item.step.tool or "")
        args = {name: _fitting(tool, name, found.value) for name, found in resolved.items()}
        labels = {name: found.label for name, found in resolved.items()}
        done = self._plan.done.get(digest([item.step.tool, args]))
        if done is not None:
            return ev.StepCompleted(step_id=item.id, same_as=done.seq, label=done.label)
        call = ToolCall(id=item.id, tool=item.step.tool or "", args=args)
        return self._state.adopt(call, labels, self._condition(item.step))

    def _condition(self, step: Step) -> Label:
        """The label of what whether and how often a step runs depends on: its condition, the list it runs over, and the same
        of the steps it cannot run without."""
        if step.id not in self._conditions:
            names = {reference.step for reference in looked_at(step)}
            if step.for_each is not None:
                names |= {reference.step for reference in references_in(step.for_each.list_)}
            read = [self.scope[name].label for name in sorted(names) if name in self.scope]
            needed = names | self._needs[step.id].values
            behind = [self._plan.steps[name] for name in sorted(needed) if name in self._plan.steps]
            self._conditions[step.id] = join(SYSTEM, *read, *(self._condition(other) for other in behind))
        return self._conditions[step.id]

    def _extract(self, item: Item) -> Ask | Ending:
        spec = item.step.extract
        assert spec is not None
        text = resolve(spec.source, item.scope, self._plan.label)
        match extraction(item.id, spec, text, self._state.asking(item.id).answers):
            case Value(value):
                return ev.StepCompleted(step_id=item.id, value=value, label=self._as_asked(text.label))
            case Unmet(why):
                message, label = why, self._as_asked(text.label)
                return ev.StepFailed(step_id=item.id, error="schema_unmet", message=message, label=label)
            case Ask() as ask:
                return ask

    def _as_asked(self, label: Label) -> Label:
        """What is found depends on what the plan asks for; a plan made of the person's own words alone adds nothing."""
        return join(label, self._plan.label) if is_from_outside(self._plan.label) else label

    def _fail(self, item: str, error: str, message: str, label: Label) -> None:
        self.endings.append(ev.StepFailed(step_id=item, error=error, message=message, label=label))


def _fitting(tool: Tool | None, name: str, value: JsonValue) -> JsonValue:
    """What a reference found, as an argument takes it: where that is a text, anything else is written as one."""
    properties = tool.parameters.get("properties") if tool is not None else None
    schema = properties.get(name) if isinstance(properties, dict) else None
    wants_text = isinstance(schema, dict) and schema.get("type") == "string"
    return as_text(value) if wants_text and value is not None else value


def _gathered(step: Step, results: list[StepResult], label: Label) -> ev.StepCompleted | ev.StepFailed:
    failed = [result for result in results if result.status == "failed"]
    if not failed:
        return ev.StepCompleted(step_id=step.id, items=len(results), label=label)
    kinds = ", ".join(sorted({result.error for result in failed}))
    joined = join(label, *(result.label for result in failed))
    message = f"{len(failed)} of {len(results)} items failed: {kinds}."
    return ev.StepFailed(step_id=step.id, error=f"items failed ({kinds})", message=message, label=joined)


def children_open(plan: PlanState) -> Iterator[tuple[str, ev.StepDelegated]]:
    """The child tasks whose end the journal does not hold yet, by item id."""
    return ((item, child) for item, child in plan.children.items() if item not in plan.results)
