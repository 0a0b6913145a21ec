"""Self-consistency (Wang et al. 2022): the answer is sampled several times, and the most frequent one counts."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import Any

from journal.plans import item_id
from journal.projection import TaskState
from journal.techniques import SAMPLE
from planners.answers import judged
from planners.planner import Ask, Finish, Run
from planners.techniques.asides import is_lost
from trust.digest import digest

_MIN_OUTPUT_TOKENS = 1024
_OUTPUT_SHARE = 4
"""So many times the tokens of the first answer a further sample may have: what is reserved for all of them stays small."""

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def vote(state: TaskState, first: Finish, question: Ask, samples: int) -> Finish | Run:
    """Ask for the samples that are missing, all at once; with all of them there, the answer that most of them give.

    The first answer is a sample too. A sample that fails, is empty, cut off, or not of the output schema has no vote; of
    answers with equally many votes the earliest counts.
    """
    steps = [item_id(SAMPLE, n) for n in range(1, samples)]
    missing = [step for step in steps if not (state.asking(step).answers or is_lost(state.asking(step)))]
    if missing:
        return Run(asks=tuple(_sample(state, question, step) for step in missing))
    given = [first, *(finish for step in steps if (finish := _usable(state, step, first)) is not None)]
    keys = [_key(finish, structured=state.submitted.output_schema is not None) for finish in given]
    counted = Counter(keys).most_common()  # of equals, the one met first is first
    return replace(given[keys.index(counted[0][0])], votes=tuple(votes for _, votes in counted))


def _sample(state: TaskState, question: Ask, step: str) -> Ask:
    limit = question.max_output_tokens
    if question.prompt is None and state.last_completion is not None:
        limit = max(_MIN_OUTPUT_TOKENS, _OUTPUT_SHARE * state.last_completion.usage.output_tokens)
    return replace(question, step=step, technique="self_consistency", max_output_tokens=limit)


def _usable(state: TaskState, step: str, first: Finish) -> Finish | None:
    if not (answers := state.asking(step).answers):
        return None
    said = answers[0]
    answer, output, wrong = judged(said, state.submitted)
    if wrong or said.tool_calls or said.finish_reason == "refused":
        return None
    return replace(first, answer=answer, output=output)


def _key(finish: Finish, *, structured: bool) -> str:
    """What two answers that agree have in common."""
    return digest(_numbers_alike(finish.output)) if structured else normalised(finish.answer)


def _numbers_alike(value: Any) -> Any:
    """JSON knows one number where Python knows 3 and 3.0."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_numbers_alike(part) for part in value]
        case dict():
            return {name: _numbers_alike(part) for name, part in value.items()}
    return value


def normalised(text: str) -> str:
    """A text without what makes no difference to what it says: case, spacing, width, and marks around it."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _EDGES.sub("", folded) or folded
