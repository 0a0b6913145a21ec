"""The answer of a plan: its text with the values put in, or a model's words about the results."""

from collections.abc import Mapping, Sequence

from journal.events import LlmCompleted
from journal.plans import Plan
from journal.values import Message
from llm.types import Prompt
from planners.plan.cost import ANSWER_CHARS, ANSWER_OUTPUT_TOKENS, MAX_REPAIRS
from planners.plan.references import Labelled, MissingValue, as_text, resolve
from planners.plan.validate import ANSWER_ID
from planners.planner import Ask, Finish
from planners.prompts import load
from trust.labels import SYSTEM, Label, join

PROMPT = "answer_v1"


def answer(
    plan: Plan, scope: Mapping[str, Labelled], goal: str, own: Label, answers: Sequence[LlmCompleted]
) -> Finish | Ask | None:
    """The answer, or the question to a model that writes it; ``None`` where that model wrote none.

    A text that names what is not there (a skipped step, a path the result has not) needs words too. ``own`` is the label of
    the goal and of the plan's words.
    """
    if plan.answer.text is not None:
        try:
            found = resolve(plan.answer.text, scope, own)
            return Finish(as_text(found.value), found.label)
        except MissingValue:
            pass
    used = {name: scope[name] for name in plan.answer.sources or scope if name in scope}
    label = join(own, *(result.label for result in used.values()))
    for said in answers:
        if said.content.strip() and said.finish_reason != "length":
            return Finish(said.content, label)
    if len(answers) > MAX_REPAIRS:
        return None
    prompt = Prompt(
        [
            Message(role="system", content=load(PROMPT), label=SYSTEM),
            Message(role="user", content=f"The goal:\n{goal}\n\nThe results:\n{_shown(plan, used)}", label=label),
        ]
    )
    return Ask("act", offers=(), step=ANSWER_ID, prompt=prompt, max_output_tokens=ANSWER_OUTPUT_TOKENS)


def _shown(plan: Plan, used: Mapping[str, Labelled]) -> str:
    """The results by step, each cut to its share of what a prompt may hold."""
    share = ANSWER_CHARS // max(1, len(used))
    names = {step.id: step.tool or ("extract" if step.extract else "delegate") for step in plan.steps}
    return "\n\n".join(f"{name} ({names.get(name, '')}):\n{_cut(as_text(r.value), share)}" for name, r in used.items())


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[:room]}\n[{len(text) - room} characters more are left out]"
