"""Final answers: any text, or JSON of the schema that the task asks for, with a bounded number of repairs."""

import json
import re
from typing import Any

from journal.events import LlmCompleted, TaskSubmitted
from journal.projection import TaskState
from journal.values import Message, Outcome
from planners.json_schema import mistakes_in
from planners.planner import Ask, Finish, GiveUp
from trust.labels import SYSTEM

MAX_REPAIRS = 2
"""So often a model is asked to mend an answer: in a row where it is cut or empty, in all where it misses the schema."""

AGAIN = Ask("act", again=True, tool_choice="none")
"""Has the answer of a task's conversation given once more."""

_FENCED = re.compile(r"\s*```[a-zA-Z]*\s*\n(?P<inside>.*?)\n?\s*```\s*", re.DOTALL)


_FINAL = re.compile(r"^[ \t#*_>]*(?:final )?answer[ \t*_]*:[ \t*_]*", re.IGNORECASE | re.MULTILINE)


def demand(submitted: TaskSubmitted) -> str:
    """What the instructions say of the answer's form; empty where any text will do."""
    if submitted.output_schema is None:
        return ""
    text = json.dumps(submitted.output_schema, ensure_ascii=False, separators=(",", ":"))
    where = (
        "behind `Answer:`, with no other text there"
        if submitted.techniques.chain_of_thought
        else "with no other text around it"
    )
    return f"\n\nGive the final answer as JSON of this JSON Schema, {where}:\n{text}"


def enforced(submitted: TaskSubmitted) -> dict[str, Any] | None:
    """The schema that an API may hold the model to: none where it is to reason in words first."""
    return None if submitted.techniques.chain_of_thought else submitted.output_schema


def final_part(text: str) -> str:
    """What stands behind the last line that starts with ``Answer:``; the whole text where there is none."""
    *_, last = [None, *_FINAL.finditer(text)]
    return (text[last.end() :].strip() if last else "") or text


def spoken(submitted: TaskSubmitted, text: str) -> str:
    """The answer in a model's final words: without its reasoning, where it was to reason first."""
    return final_part(text) if submitted.techniques.chain_of_thought else text


def conclude(state: TaskState, text: str) -> Ask | Finish | GiveUp:
    """The move that a final answer leads to: finish, have its mistakes mended, or give up (``schema_unmet``)."""
    schema, text = state.submitted.output_schema, spoken(state.submitted, text)
    if schema is None:
        return Finish(text, question=AGAIN)
    value, mistakes = read(text, schema)
    if not mistakes:
        return Finish(text, output=value, question=AGAIN)
    if state.repairs_in_all >= MAX_REPAIRS:  # calls in between are no progress towards the schema
        why = f"The answer does not hold the output schema, and {MAX_REPAIRS} repairs did not mend it: {mistakes[0]}."
        return GiveUp(Outcome.SCHEMA_UNMET, why, answer=text)
    listed = "\n".join(f"- {mistake}" for mistake in mistakes)
    note = f"Your answer does not hold the JSON Schema:\n{listed}\nGive the whole answer again, as JSON with no other text."
    return Ask("act", added=(Message(role="user", content=note, label=SYSTEM),))


def judged(said: LlmCompleted, submitted: TaskSubmitted) -> tuple[str, Any, str]:
    """The answer in a completion and its value under the task's schema, and what is wrong with it; empty: nothing."""
    text = spoken(submitted, said.content)
    if not text.strip():
        return text, None, "The answer was empty."
    if said.finish_reason == "length":
        return text, None, "The answer was cut off at the output limit."
    if submitted.output_schema is None:
        return text, None, ""
    value, wrong = read(text, submitted.output_schema)
    return text, value, f"The answer does not hold the JSON Schema: {'; '.join(wrong)}." if wrong else ""


def read(text: str, schema: dict[str, Any]) -> tuple[Any, list[str]]:
    """The JSON value in an answer (a code fence around all of it is allowed), and what is wrong with it."""
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced["inside"] if fenced else text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return None, ["it holds half of a surrogate pair, which is no character"]
    except (ValueError, RecursionError) as error:
        return None, [f"it is not JSON ({error})"]
    return value, mistakes_in(value, schema)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
