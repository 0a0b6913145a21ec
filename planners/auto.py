"""``auto``: plan ahead or go step by step, by a rule that costs nothing; and hand over where the choice was wrong."""

import re
from dataclasses import replace

from journal import events as ev
from journal.call_state import CallStage
from journal.projection import TaskState
from journal.values import ToolCall
from planners.answers import enforced
from planners.plan.format import SUBMIT_PLAN, MistakenPlan
from planners.plan.planner import PlanPlanner, created, refusal, voided
from planners.planner import Ask, Beginning, GiveUp, Means, Move, Record
from planners.prompts import load
from planners.react import React
from tools.types import Tool
from trust.labels import Trust

MAX_HANDOVERS = 2
"""So often a task changes its planner; then the planner it has must do."""

_SEVERAL = re.compile(r"\b(then|each|every|all of|afterwards|and (also|then)|for all)\b|;|\n\s*[-*\d]", re.IGNORECASE)


class Auto:
    """Works as ``plan`` or as ``react``; the journal says which, since when, and why."""

    name = "auto"
    prompt_version = PlanPlanner.prompt_version

    def __init__(self, means: Means = Means()) -> None:  # noqa: B008
        self._means = means
        self._plan = PlanPlanner(means)
        self._react = React()

    def instructions(self, profile: str) -> str:
        return self._plan.instructions(profile)

    def begin(self, state: TaskState, profile: str) -> Beginning:
        """The planner to start with, and its instructions."""
        name, why = self._choose(state)
        planner = self._plan if name == PlanPlanner.name else self._react
        return Beginning(planner.instructions(profile), planner.prompt_version, name, why)

    def next(self, state: TaskState) -> Move:
        if state.planner == PlanPlanner.name:
            move = self._plan.next(state)
            return self._step_by_step(state, move.why) if isinstance(move, GiveUp) and self._may_change(state) else move
        return self._taken_plan(state) or self._offering_a_plan(state, self._react.next(state))

    def _choose(self, state: TaskState) -> tuple[str, str]:
        submitted = state.submitted
        read = (submitted.label, *(m.label for m in state.history), *(a.label for a in state.attachments if a.inline))
        for_plan, for_react = PlanPlanner.name, React.name
        if not self._means.can_plan:
            return for_react, "No model of this task can write a plan."
        if submitted.plan_only:
            return for_plan, "The plan is to be looked at first."
        if any(label.trust is Trust.UNTRUSTED for label in read):
            return for_react, "The conversation holds text from outside, and a plan is made of trusted words alone."
        if not self._means.tools:
            return for_react, "There are no tools to plan with."
        known = [tool for name, tool in self._means.tools.items() if name not in self._means.unapproved]
        if self._means.unapproved and not any(_is_effect(tool) for tool in known):
            return for_react, "What the tools can do is known from descriptions that nobody has approved."
        if any(_is_effect(tool) for tool in known):
            return for_plan, "A tool can change something outside the task: what is read must not decide what is done."
        if _SEVERAL.search(submitted.goal):
            return for_plan, "The goal has several parts."
        return for_react, "The goal is one question, and no tool can do harm."

    def _may_change(self, state: TaskState) -> bool:
        return state.handovers < MAX_HANDOVERS

    def _step_by_step(self, state: TaskState, why: str) -> Record:
        change = ev.PlannerChanged(
            planner=React.name, prompt_version=React.prompt_version, why=why, instructions=load(React.prompt_version)
        )
        return Record((*voided(state, None), change))

    def _taken_plan(self, state: TaskState) -> Record | None:
        """A model that goes step by step may give a plan at any time."""
        last = state.last_completion
        given = [c for c in last.tool_calls if c.tool == SUBMIT_PLAN.name and _is_open(state, c)] if last else []
        if not given:
            return None
        try:
            if not self._may_change(state):
                raise MistakenPlan(["it is too late for a plan: go on step by step"])
            if last is not None and len(last.tool_calls) > 1:
                raise MistakenPlan(["call `submit_plan` by itself"])
            plan = created(state, given[0], self._means)
        except MistakenPlan as wrong:
            return Record(tuple(refusal(call, str(wrong)) for call in given))
        why = "The model gave a plan."
        change = ev.PlannerChanged(planner=PlanPlanner.name, prompt_version=PlanPlanner.prompt_version, why=why)
        return Record((plan, change))

    def _offering_a_plan(self, state: TaskState, move: Move) -> Move:
        if not isinstance(move, Ask) or not self._means.can_plan or not self._may_change(state):
            return move
        return replace(
            move,
            offers=(*(tool.offer for tool in self._means.tools.values()), SUBMIT_PLAN),
            schema=enforced(state.submitted),
        )


def _is_effect(tool: Tool) -> bool:
    return tool.hints.read_only is not True and not tool.workspace_only


def _is_open(state: TaskState, call: ToolCall) -> bool:
    known = state.calls.get(call.id)
    return known is not None and known.stage is not CallStage.DONE
