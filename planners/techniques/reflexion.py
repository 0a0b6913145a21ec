"""Reflexion (Shinn et al. 2023), bounded: one critique of the answer, and where it finds fault one retry."""

from dataclasses import replace

from journal.events import LlmCompleted
from journal.projection import TaskState
from journal.techniques import CRITIQUE, RETRY
from journal.values import Message
from llm.types import Prompt, ToolOffer
from planners.answers import judged
from planners.planner import Ask, Finish, Run
from planners.prompts import load
from planners.techniques.asides import is_lost
from trust.labels import SYSTEM, Label

TECHNIQUE = "reflexion"
SUBMIT_CRITIQUE = ToolOffer(
    "submit_critique",
    "Give your verdict on the answer.",
    {
        "type": "object",
        "properties": {
            "holds": {"type": "boolean", "description": "True only if there is nothing to mend."},
            "critique": {"type": "string", "description": "What is wrong, and how to mend it."},
        },
        "required": ["holds", "critique"],
    },
)


def reflect(state: TaskState, first: Finish, question: Ask) -> Finish | Ask | Run:
    """The critique, the retry, or the answer that came of them.

    An answer of the task's conversation is tried again in it, with its tools; one that was made apart (from the results of a
    plan) is made again apart.
    """
    label = first.label or state.context_label or SYSTEM
    if not (state.criticised or is_lost(state.asking(CRITIQUE))):
        return Run(asks=(_critique(first, question, label),))
    criticised = state.asides[CRITIQUE].answers if CRITIQUE in state.asides else []
    critique = _fault(criticised[0]) if criticised else None
    if critique is None:
        return first
    note = Message(role="user", content=f"{load('retry_v1')}\n\n{critique}", label=label)
    if question.prompt is None:
        return Ask(question.role, added=(note,), technique=TECHNIQUE)
    prompt = Prompt([*question.prompt, _said(first, label), note])
    retried = state.asking(RETRY)
    if not (retried.answers or is_lost(retried)):
        return Run(asks=(replace(question, prompt=prompt, step=RETRY, technique=TECHNIQUE),))
    if not retried.answers:
        return first
    answer, output, wrong = judged(retried.answers[0], state.submitted)
    return first if wrong else replace(first, answer=answer, output=output, question=replace(question, prompt=prompt))


def _critique(first: Finish, question: Ask, label: Label) -> Ask:
    asked = Message(role="user", content=load("critique_v1"), label=SYSTEM)
    ask = Ask(
        "judge",
        offers=(SUBMIT_CRITIQUE,),
        step=CRITIQUE,
        tool_choice=SUBMIT_CRITIQUE.name,
        technique=TECHNIQUE,
    )
    if question.prompt is None:
        return replace(ask, added=(asked,))
    return replace(ask, prompt=Prompt([*question.prompt, _said(first, label), asked]))


def _said(finish: Finish, label: Label) -> Message:
    return Message(role="assistant", content=finish.answer, label=label)


def _fault(said: LlmCompleted) -> str | None:
    """What the critique finds wrong; ``None`` where it finds nothing, or says nothing that can be used."""
    for call in said.tool_calls:
        if call.tool == SUBMIT_CRITIQUE.name and call.malformed is None:
            if call.args.get("holds") is True:
                return None
            return str(call.args.get("critique") or said.content).strip() or None
    return said.content.strip() or None
