"""When a conversation outgrows a model's window: how that is seen, and how a summary takes the place of its older turns."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from agents.task_log import TaskLog
from journal import events as ev
from llm.router import REHEARSAL, Model
from llm.types import Completion, Prompt, Request
from planners.prompts import load
from planners.summaries import STRUCTURE, question, structural

INSTRUCTIONS = "summarize_v1"
LONGEST_SUMMARY = 4096
"""Tokens that a summary may have, however large the window."""

_BYTES_OF_A_TOKEN = 6
"""More than a token has in any text worth reading: a prompt of more bytes for each token of the window is surely too long."""

_MARGIN = 1.1

Summarize = Callable[[Model, Request], Awaitable[Completion | None]]
"""Asks a model and notes what came of it; ``None``: it failed."""


@dataclass(frozen=True, slots=True)
class Window:
    """The window of the model that is asked next, in tokens: ``limit`` for the prompt, ``output`` for the answer."""

    model: str
    limit: int
    output: int

    @classmethod
    def of(cls, model: Model) -> "Window":
        size = model.settings.context_window
        output = min(model.settings.max_output_tokens, size // 4)
        return cls(model.name, size - output, output)

    def is_outgrown(self, log: TaskLog, size: int) -> bool:
        """Whether the next prompt, of ``size`` bytes as encoded, may pass the limit.

        Of a prompt that the model has counted before, only what is new counts a token a byte.
        """
        transcript = log.transcript
        if self.model in transcript.measured:
            weight, tokens = transcript.measured[self.model]
            return tokens + transcript.weight - weight > self.limit
        return size * min(1.0, transcript.density * _MARGIN) > self.limit

    def cannot_hold(self, log: TaskLog, size: int) -> bool:
        """Whether even the instructions, the tools and the goal alone surely pass the limit."""
        transcript = log.transcript
        return (size - transcript.weight + transcript.head_weight) / _BYTES_OF_A_TOKEN > self.limit

    def cut(self, log: TaskLog, reason: Literal["window", "refused"]) -> int | None:
        """Where to cut: what is kept whole takes a third of what head and summary leave, and less than it does now."""
        transcript = log.transcript
        density = min(1.0, transcript.density * _MARGIN)
        room = (self.limit - transcript.head_weight * density) / 3 / density
        now = transcript.weight - transcript.head_weight
        return transcript.cut(min(room, now / 3) if reason == "refused" else room)


async def compact(
    log: TaskLog, window: Window, upto_seq: int, reason: Literal["window", "refused"], models: list[Model], ask: Summarize
) -> None:
    """Note a summary of the events up to ``upto_seq``: by the first of ``models`` that can write one, else by structure.

    Raises ``Interrupted`` where the task was stopped meanwhile; then nothing but the calls is noted.
    """
    transcript = log.transcript
    covered = transcript.covered(upto_seq)
    summary, by = "", STRUCTURE
    for model in models:
        if model.settings.provider == REHEARSAL:  # it can look things up and calculate, not summarize
            continue
        completion = await ask(model, _request(log, window, model, upto_seq))
        if completion is not None and completion.content.strip() and completion.finish_reason != "refused":
            summary, by = completion.content.strip()[: _summary_chars(window)], model.name
            break
    log.note(
        ev.ContextCompacted(
            upto_seq=upto_seq,
            summary=summary or structural(transcript.summary, covered, _summary_chars(window) // 2),
            kept=len(transcript.covered(log.state.last_seq)) - len(covered),
            reason=reason,
            by=by,
            label=transcript.covered_label(upto_seq),
        )
    )


def _request(log: TaskLog, window: Window, model: Model, upto_seq: int) -> Request:
    transcript = log.transcript
    size = model.settings.context_window
    output = min(model.settings.max_output_tokens, LONGEST_SUMMARY, max(256, min(size, window.limit) // 8))
    room = int((size - output) / min(1.0, transcript.density * _MARGIN) * 0.8)
    messages = question(transcript.summary, transcript.covered(upto_seq), room, load(INSTRUCTIONS))
    return Request(Prompt(messages), output, role="summarize")


def _summary_chars(window: Window) -> int:
    """A model that writes on and on must not fill the window it was to free."""
    return max(1000, min(LONGEST_SUMMARY * 6, window.limit))
