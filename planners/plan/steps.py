"""What a plan's steps depend on."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from journal.plans import Plan, Step
from planners.plan.conditions import references_of
from planners.plan.references import Reference, references_in


def values_of(step: Step) -> Iterator[JsonValue]:
    """The parts of a step that are resolved for each of its items."""
    if step.tool is not None:
        yield dict(step.args)
    if step.extract is not None:
        yield step.extract.source
    if step.delegate is not None:
        yield step.delegate.context


def needed(step: Step) -> Iterator[Reference]:
    """The references a step cannot run without, its own ``for_each`` item apart. Raises ``MalformedReference``."""
    if step.for_each is not None:
        yield from references_in(step.for_each.list_)
    own = step.for_each.name if step.for_each else None
    for value in values_of(step):
        yield from (reference for reference in references_in(value) if reference.step != own)


def looked_at(step: Step) -> Iterator[Reference]:
    """The references of a step's condition: they may lead nowhere."""
    return references_of(step.when) if step.when else iter(())


def waits_for(step: Step) -> frozenset[str]:
    """The ids of the steps that must have ended before this one. Raises ``MalformedReference``."""
    return frozenset({*step.after, *(r.step for r in needed(step)), *(r.step for r in looked_at(step))})


@dataclass(frozen=True, slots=True)
class Needs:
    """What a step needs, read once. ``values`` are the ids it cannot run without, ``all`` those it waits for."""

    values: frozenset[str]
    all: frozenset[str]
    known_up_front: bool
    """Its arguments hold no references, and nothing but failure keeps it from running once."""


def needs_of(plan: Plan) -> dict[str, Needs]:
    """By step id."""
    return {step.id: _needs(step) for step in plan.steps}


def _needs(step: Step) -> Needs:
    values = frozenset(reference.step for reference in needed(step))
    plain = step.tool is not None and step.when is None and step.for_each is None and not values
    return Needs(values, waits_for(step), plain)


def affected(steps: Iterable[Step], by: Collection[str]) -> frozenset[str]:
    """``by`` and all steps that wait for one of them, directly or not; steps stand in the order of their references."""
    reached = set(by)
    for step in steps:
        if waits_for(step) & reached:
            reached.add(step.id)
    return frozenset(reached)
