"""How a task ends: every ending has a name and says how to mend it."""

from journal import events as ev
from journal.errors import JourneymanError
from journal.projection import TaskState
from journal.values import Outcome, Problem, SourceRef
from llm.budget import BudgetExhausted, DeadlinePassed
from planners.planner import Finish, GiveUp
from trust.labels import SYSTEM, join


def ending_of(cause: JourneymanError | GiveUp) -> ev.TaskFailed:
    """The terminal event for an error that stops the task, or for a planner that gave up."""
    if isinstance(cause, GiveUp):
        unmet = cause.outcome is Outcome.SCHEMA_UNMET
        title = "The answer does not hold the schema" if unmet else "The goal was not met"
        problem = Problem(title=title, detail=cause.why)
        return ev.TaskFailed(outcome=cause.outcome, error=problem, answer=cause.answer)
    title, outcome = _NAMES.get(type(cause), ("The task cannot go on", Outcome.ERROR))
    return ev.TaskFailed(outcome=outcome, error=Problem(title=title, detail=cause.message, hint=cause.hint))


_NAMES: dict[type[JourneymanError], tuple[str, Outcome]] = {
    BudgetExhausted: ("The budget is exhausted", Outcome.BUDGET_EXHAUSTED),
    DeadlinePassed: ("The deadline has passed", Outcome.DEADLINE),
}


def completion(state: TaskState, end: Finish) -> ev.TaskCompleted:
    """The terminal event of a met goal: the answer with its label, and the sources it names.

    Where the answer names positions, those; else every position of the documents it names. An answer that names none of
    what the task has seen carries all of it: it may rest on any.
    """
    exact = tuple(s for s in state.sources if f"{s.source}, {s.position}" in end.answer)
    named = exact or tuple(s for s in state.sources if s.source in end.answer)
    label = end.label or state.context_label or join(state.submitted.label, SYSTEM)
    sources = _first_of_each(named or state.sources)
    return ev.TaskCompleted(answer=end.answer, output=end.output, sources=sources, label=label, votes=end.votes)


def _first_of_each(sources: tuple[SourceRef, ...]) -> tuple[SourceRef, ...]:
    return tuple({(s.source, s.position): s for s in reversed(sources)}.values())[::-1]
