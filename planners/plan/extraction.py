"""A quarantined extraction: one untrusted text, one model, no tools but the one that takes the value.

Whatever the text talks the model into, all that comes out is a value of the type asked for, under the text's label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from journal.events import LlmCompleted
from journal.plans import Extract
from journal.values import Message
from llm.types import Prompt, ToolOffer
from planners.plan.cost import EXTRACT_CHARS, EXTRACT_OUTPUT_TOKENS, MAX_REPAIRS
from planners.plan.references import Labelled, as_text
from planners.plan.schemas import mistakes_against
from planners.planner import Ask
from planners.prompts import load
from trust.labels import SYSTEM

PROMPT = "extract_v1"
SUBMIT_VALUE = "submit_value"


@dataclass(frozen=True, slots=True)
class Value:
    """The value the model gave, and it fits."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Unmet:
    """The model gave no value that fits, in as many attempts as it has."""

    why: str


def extraction(item: str, spec: Extract, text: Labelled, answers: Sequence[LlmCompleted]) -> Ask | Value | Unmet:
    """What follows from the model's answers so far: the value, the end of trying, or the next attempt."""
    prompt = Prompt(_opening(spec, text))
    why = ""
    for answer in answers:
        given = _read(spec, answer)
        if isinstance(given, Value):
            return given
        why = given.why
        for message in _reproach(answer, why):
            prompt.append(message)
    if len(answers) > MAX_REPAIRS:
        return Unmet(why)
    return Ask(
        "extract",
        offers=(_offer(spec),),
        step=item,
        prompt=prompt,
        max_output_tokens=EXTRACT_OUTPUT_TOKENS,
        tool_choice=SUBMIT_VALUE,
    )


def _opening(spec: Extract, text: Labelled) -> list[Message]:
    shown = as_text(text.value)
    if len(shown) > EXTRACT_CHARS:
        shown = f"{shown[:EXTRACT_CHARS]}\n[{len(shown) - EXTRACT_CHARS} characters more are left out]"
    return [
        Message(role="system", content=load(PROMPT), label=SYSTEM),
        Message(role="user", content=f"Find: {spec.ask}\n\nThe text:\n{shown}", label=text.label),
    ]


def _offer(spec: Extract) -> ToolOffer:
    return ToolOffer(SUBMIT_VALUE, f"Give the value: {spec.ask[:200]}", _parameters(spec))


def _parameters(spec: Extract) -> dict[str, Any]:
    """A function takes an object: any other type is put under ``value``."""
    if _is_object(spec):
        return spec.schema_
    return {"type": "object", "properties": {"value": spec.schema_}, "required": ["value"]}


def _is_object(spec: Extract) -> bool:
    return spec.schema_.get("type") == "object"


def _read(spec: Extract, answer: LlmCompleted) -> Value | Unmet:
    calls = answer.tool_calls
    if len(calls) != 1 or calls[0].tool != SUBMIT_VALUE:
        return Unmet(f"Call `{SUBMIT_VALUE}` exactly once.")
    if calls[0].malformed is not None:
        return Unmet("The arguments were not a JSON object.")
    args = calls[0].args
    wrong = list(mistakes_against(_parameters(spec), args))
    if wrong:
        return Unmet("The value does not fit the schema: " + "; ".join(wrong[:5]))
    return Value(args if _is_object(spec) else args["value"])


def _reproach(answer: LlmCompleted, why: str) -> list[Message]:
    said = Message(role="assistant", content=answer.content, tool_calls=answer.tool_calls, label=SYSTEM)
    if not answer.tool_calls:
        return [said, Message(role="user", content=why, label=SYSTEM)]
    return [said, *(Message(role="tool", call_id=c.id, content=f"Error: {why}", label=SYSTEM) for c in answer.tool_calls)]
