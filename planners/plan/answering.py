"""The answer of a plan: its text with the values put in, or a model's words about the results."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from journal.plans import Plan
from journal.projection import TaskState
from journal.values import Message, Outcome
from llm.types import Prompt
from planners.answers import demand, enforced, judged, read
from planners.json_schema import mistakes_in
from planners.plan.cost import ANSWER_CHARS, ANSWER_OUTPUT_TOKENS, MAX_REPAIRS
from planners.plan.references import Labelled, MissingValue, as_text, resolve
from planners.plan.validate import ANSWER_ID
from planners.planner import Ask, Finish, GiveUp
from planners.prompts import load
from planners.techniques.advice import advised
from trust.labels import SYSTEM, Label, join

PROMPT = "answer_v1"


def answer(plan: Plan, scope: Mapping[str, Labelled], state: TaskState, own: Label) -> Finish | Ask | GiveUp:
    """The answer, the question to a model that writes it, or the end of asking.

    A text that names what is not there (a skipped step, a path the result has not) or does not hold the task's output schema
    needs words too. ``own`` is the label of the goal and of the plan's words.
    """
    return _filled_in(plan, scope, state.submitted.output_schema, own) or _in_words(plan, scope, state, own)


def _filled_in(plan: Plan, scope: Mapping[str, Labelled], schema: dict[str, Any] | None, own: Label) -> Finish | None:
    if plan.answer.text is None:
        return None
    try:
        found = resolve(plan.answer.text, scope, own)
    except MissingValue:
        return None
    text = as_text(found.value)
    if schema is None:
        return Finish(text, label=found.label)
    if not isinstance(found.value, str):
        wrong = mistakes_in(found.value, schema)
        return None if wrong else Finish(text, output=found.value, label=found.label)
    value, wrong = read(text, schema)
    return None if wrong else Finish(text, output=value, label=found.label)


def _in_words(plan: Plan, scope: Mapping[str, Labelled], state: TaskState, own: Label) -> Finish | Ask | GiveUp:
    submitted = state.submitted
    used = {name: scope[name] for name in plan.answer.sources or scope if name in scope}
    label = join(own, *(result.label for result in used.values()))
    prompt = Prompt(
        [
            Message(role="system", content=advised(load(PROMPT), submitted.techniques) + demand(submitted), label=SYSTEM),
            Message(role="user", content=f"The goal:\n{submitted.goal}\n\nThe results:\n{_shown(plan, used)}", label=label),
        ]
    )
    ask = Ask("act", offers=(), prompt=prompt, max_output_tokens=ANSWER_OUTPUT_TOKENS, schema=enforced(submitted))
    opening = Prompt(prompt[:])
    given, why = state.asking(ANSWER_ID).answers, ""
    for said in given:
        text, value, why = judged(said, submitted)
        if not why:
            return Finish(text, output=value, label=label, question=replace(ask, prompt=opening))
        prompt.append(Message(role="assistant", content=said.content or "(nothing)", label=label))
        prompt.append(Message(role="user", content=f"{why} Give the whole answer again.", label=SYSTEM))
    if len(given) > MAX_REPAIRS:
        outcome = Outcome.GAVE_UP if submitted.output_schema is None else Outcome.SCHEMA_UNMET
        return GiveUp(outcome, f"The model wrote no answer that can be used: {why}", answer=given[-1].content or None)
    return replace(ask, step=ANSWER_ID)


def _shown(plan: Plan, used: Mapping[str, Labelled]) -> str:
    """The results by step, each cut to its share of what a prompt may hold."""
    share = ANSWER_CHARS // max(1, len(used))
    names = {step.id: step.tool or ("extract" if step.extract else "delegate") for step in plan.steps}
    return "\n\n".join(f"{name} ({names.get(name, '')}):\n{_cut(as_text(r.value), share)}" for name, r in used.items())


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[:room]}\n[{len(text) - room} characters more are left out]"
