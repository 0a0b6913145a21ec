"""Whether a plan can run: every mistake in one list that the model can mend."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from journal.plans import Plan, Step
from journal.values import Budget, Usage
from planners.plan.conditions import mistakes_in
from planners.plan.cost import cost_of
from planners.plan.references import MalformedReference, Reference, parse, references_in
from planners.plan.schemas import broken, mistakes_against, types_at, with_holes
from planners.plan.steps import looked_at, needed
from planners.planner import Means

ANSWER_ID = "answer"
"""No step's name: the model call that puts the answer into words goes by it."""

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Room:
    """What a plan must fit into: the task's ceilings and what is spent, and for a revision the steps that stay."""

    budget: Budget
    spent: Usage
    kept: tuple[Step, ...] = ()
    ended: Collection[str] = field(default_factory=frozenset)
    """Ids of kept steps that have ended: they cost nothing more."""
    may_be_empty: bool = False
    """A revision may do without any steps: what failed is left out."""


def mistakes(plan: Plan, means: Means, room: Room) -> list[str]:
    """All mistakes, each beginning with its place; none: the plan can run."""
    found = list(_in_names(plan.steps, room))
    known = {step.id: step for step in room.kept}
    all_ids = {*known, *(step.id for step in plan.steps)}
    for step in plan.steps:
        found += [f"{step.id}: {what}" for what in _in_step(step, known, all_ids, means)]
        known[step.id] = step
    if not (plan.steps or room.may_be_empty):
        found.append("steps: a plan has at least one")
    found += _in_answer(plan, known)
    return found or list(_over_budget(plan, means, room))


def _in_names(steps: Iterable[Step], room: Room) -> Iterator[str]:
    taken = {step.id for step in room.kept}
    for step in steps:
        if not _ID.fullmatch(step.id) or step.id == ANSWER_ID:
            yield f"{step.id!r}: an id has letters, digits and _, at most 32, a letter first, and is not `{ANSWER_ID}`"
        if step.id in taken:
            yield f"{step.id}: two steps have this id"
        taken.add(step.id)


def _in_step(step: Step, above: Mapping[str, Step], all_ids: Collection[str], means: Means) -> Iterator[str]:
    """``above`` holds the steps this one may refer to."""
    if sum(part is not None for part in (step.tool, step.extract, step.delegate)) != 1:
        yield "a step has exactly one of `tool`, `extract` and `delegate`"
    if step.args and step.tool is None:
        yield "`args` belong to a `tool`"
    if step.when is not None:
        yield from (f"when: {what}" for what in mistakes_in(step.when))
    try:
        yield from _in_references(step, above, all_ids)
        yield from _in_for_each(step, above)
        yield from _in_tool(step, above, means)
    except MalformedReference as error:
        yield str(error)
    yield from _in_extract(step)
    if step.delegate is not None and not means.can_delegate:
        yield "delegate: this task may not have child tasks"
    if step.delegate is not None and "$" in step.delegate.goal:
        yield "delegate.goal: a goal is your own words, without references; put values into `context`"


def _in_references(step: Step, above: Mapping[str, Step], all_ids: Collection[str]) -> Iterator[str]:
    for name in step.after:
        yield from _in_order(f"after {name}", name, step, above, all_ids)
    for reference in (*needed(step), *looked_at(step)):
        wrong = list(_in_order(reference.text, reference.step, step, above, all_ids))
        yield from wrong or _no_such_path(reference, above)


def _in_order(what: str, name: str, step: Step, above: Mapping[str, Step], all_ids: Collection[str]) -> Iterator[str]:
    if name in above:
        return
    if name == step.id:
        yield f"{what}: a step cannot wait for itself"
    elif name in all_ids:
        yield f"{what}: {name} stands below; a step waits only for steps above it, and never in a circle"
    else:
        close = difflib.get_close_matches(name, above, 1)
        yield f"{what}: there is no step {name}" + (f", did you mean {close[0]}?" if close else "")


def _no_such_path(reference: Reference, above: Mapping[str, Step]) -> Iterator[str]:
    try:
        _types_of(reference, above)
    except LookupError as error:
        yield f"{reference.text}: {error.args[0]}"


def _types_of(reference: Reference, above: Mapping[str, Step]) -> frozenset[str]:
    """The JSON types of what a reference names, where a schema tells; none: not known. Raises ``LookupError``."""
    step = above.get(reference.step)
    if step is None:
        return frozenset()
    path = reference.path
    if step.for_each is not None:
        if not path:
            return frozenset({"array"})
        if not isinstance(path[0], int):
            raise LookupError(f"{step.id} runs for each item, so its result is a list")
        path = path[1:]
    if step.extract is not None:
        return types_at(step.extract.schema_, path)
    if step.delegate is not None and not path:
        return frozenset({"string"})
    return frozenset()


def _in_for_each(step: Step, above: Mapping[str, Step]) -> Iterator[str]:
    loop = step.for_each
    if loop is None:
        return
    listed = parse(loop.list_)
    if not isinstance(listed, Reference):
        yield f"for_each.in: {loop.list_[:60]!r} is a text; name a list, such as `$step.items`"
    elif listed.step in above:
        try:
            types = _types_of(listed, above)
        except LookupError:
            return
        if types and "array" not in types:
            yield f"for_each.in: {loop.list_} is {' or '.join(sorted(types))}, not a list"
    if not _ID.fullmatch(loop.name) or loop.name in above or loop.name == step.id:
        yield f"for_each.as: {loop.name!r} must be a name that no step has"


def _in_tool(step: Step, above: Mapping[str, Step], means: Means) -> Iterator[str]:
    if step.tool is None:
        return
    tool = means.tools.get(step.tool)
    if tool is None:
        close = difflib.get_close_matches(step.tool, means.tools, 1)
        yield f"there is no tool {step.tool!r}" + (f", did you mean {close[0]!r}?" if close else "; use those you are shown")
        return

    def type_of(reference: Reference) -> frozenset[str]:
        try:
            return _types_of(reference, above)
        except LookupError:
            return frozenset()

    wrong = mistakes_against(tool.parameters, with_holes(dict(step.args), type_of))
    if step.tool in means.unapproved:  # its schema's words are its server's
        wrong = iter(["they do not fit the tool's schema"] if any(True for _ in wrong) else [])
    yield from (f"args: {what}" for what in wrong)


def _in_extract(step: Step) -> Iterator[str]:
    if step.extract is None:
        return
    if why := broken(step.extract.schema_):
        yield f"extract.schema: {why}"
    if not step.extract.ask.strip():
        yield "extract.ask: say what to find"


def _in_answer(plan: Plan, known: Mapping[str, Step]) -> Iterator[str]:
    try:
        for reference in references_in(plan.answer.text or ""):
            if reference.step not in known:
                yield f"answer.text: {reference.text}: there is no step {reference.step}"
            else:
                yield from (f"answer.text: {what}" for what in _no_such_path(reference, known))
    except MalformedReference as error:
        yield f"answer.text: {error}"
    yield from (f"answer.from: there is no step {name}" for name in plan.answer.sources if name not in known)


def _over_budget(plan: Plan, means: Means, room: Room) -> Iterator[str]:
    still = tuple(step for step in room.kept if step.id not in room.ended)
    cost = cost_of(Plan(steps=(*still, *plan.steps), answer=plan.answer), means.prices)
    steps_left = room.budget.max_steps - room.spent.steps
    if cost.model_calls > steps_left:
        yield (
            f"the plan may ask a model {cost.model_calls} times and {steps_left} are left: "
            "extract less, or lower `for_each.max`"
        )
    left = room.budget.max_cost_usd - room.spent.cost_usd
    if cost.cost_usd > left:
        yield (
            f"the plan may cost {cost.cost_usd:.4f} USD and {left:.4f} are left: "
            "extract less, lower `for_each.max`, or give the answer as `text`"
        )
