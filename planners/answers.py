"""Final answers: any text, or JSON of the schema that the task asks for, with a bounded number of repairs."""

import json
import re
from typing import Any

from journal.projection import TaskState
from journal.values import Message, Outcome
from planners.json_schema import mistakes_in
from planners.planner import Ask, Finish, GiveUp
from trust.labels import SYSTEM

MAX_REPAIRS = 2
"""So often a model is asked to mend an answer: in a row where it is cut or empty, in all where it misses the schema."""

_FENCED = re.compile(r"\s*```[a-zA-Z]*\s*\n(?P<inside>.*?)\n?\s*```\s*", re.DOTALL)


def demand(schema: dict[str, Any] | None) -> str:
    """What the instructions say of the answer's form; empty where any text will do."""
    if schema is None:
        return ""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"\n\nGive the final answer as JSON of this JSON Schema, with no other text around it:\n{text}"


def conclude(state: TaskState, text: str, *, role: str = "act") -> Ask | Finish | GiveUp:
    """The move that a final answer leads to: finish, have its mistakes mended, or give up (``schema_unmet``)."""
    schema = state.submitted.output_schema
    if schema is None:
        return Finish(text)
    value, mistakes = read(text, schema)
    if not mistakes:
        return Finish(text, output=value)
    if state.repairs_in_all >= MAX_REPAIRS:  # calls in between are no progress towards the schema
        why = f"The answer does not hold the output schema, and {MAX_REPAIRS} repairs did not mend it: {mistakes[0]}."
        return GiveUp(Outcome.SCHEMA_UNMET, why, answer=text)
    listed = "\n".join(f"- {mistake}" for mistake in mistakes)
    note = f"Your answer does not hold the JSON Schema:\n{listed}\nGive the whole answer again, as JSON with no other text."
    return Ask(role, added=(Message(role="user", content=note, label=SYSTEM),))


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
