"""The end of a task whose goal is met: its answer is looked at, mended a bounded number of times, and only then given."""

from dataclasses import replace
from typing import Any

from agents.asking import Asker
from agents.endings import completion
from agents.guard.guard import Guard, Objection
from agents.task_log import TaskLog
from journal.asking import GUARD
from journal.events import TaskFailed
from journal.values import Message, Outcome, Problem
from llm.types import Prompt
from planners.answers import demand, read
from planners.planner import Ask, Finish
from planners.prompts import load
from trust.labels import SYSTEM, join

PROMPT = "mend_answer_v1"
MAX_REPAIRS = 2
_STEP = f"{GUARD}answer"
_MAX_OUTPUT_TOKENS = 4_000


async def conclude(log: TaskLog, finish: Finish, guard: Guard, asker: Asker) -> None:
    """Give the answer, have it mended, or fail: one step of it, noted. What was refused is in no event."""
    given = [said.content for said in log.state.asking(_STEP).answers]
    latest = given[-1] if given else finish.answer
    passed = await guard.answer(log, latest)
    schema = log.state.submitted.output_schema
    if isinstance(passed, str) and (mended := _as_finish(finish, passed, schema)) is not None:
        log.note(completion(log.state, mended))
        return
    why = passed.why if isinstance(passed, Objection) else "It does not hold the JSON Schema."
    if len(given) >= MAX_REPAIRS:
        detail = f"{why} {MAX_REPAIRS} repairs did not mend it."
        log.note(TaskFailed(outcome=Outcome.GAVE_UP, error=Problem(title="The answer was refused", detail=detail)))
        return
    await asker.ask(log, _repair(log, latest, why, finish))


def _as_finish(finish: Finish, text: str, schema: dict[str, Any] | None) -> Finish | None:
    """The answer with this text; ``None`` where it no longer holds the task's schema."""
    if text == finish.answer:
        return finish
    if schema is None:
        return replace(finish, answer=text)
    value, wrong = read(text, schema)
    return None if wrong else replace(finish, answer=text, output=value)


def _repair(log: TaskLog, answer: str, why: str, finish: Finish) -> Ask:
    submitted = log.state.submitted
    label = finish.label or log.state.context_label or join(submitted.label, SYSTEM)
    said = f"The goal:\n{submitted.goal}\n\nThe answer:\n{answer}\n\nWhy it cannot be given: {why}"
    prompt = Prompt([
        Message(role="system", content=load(PROMPT) + demand(submitted), label=SYSTEM),
        Message(role="user", content=said, label=label),
    ])  # fmt: skip
    return Ask(
        "act", offers=(), step=_STEP, prompt=prompt, max_output_tokens=_MAX_OUTPUT_TOKENS, schema=submitted.output_schema
    )
