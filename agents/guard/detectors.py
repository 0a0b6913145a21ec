"""What looks at passages that strangers wrote, and says which of them seem to be attacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.guard.fields import Passage
from agents.task_log import TaskLog
from trust.injection import suspicion


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage that seems to be an attack. ``score`` in [0, 1]; ``why`` is for people."""

    passage: Passage
    score: float
    why: str


class CannotTell(Exception):
    """The detector could not look; ``str(error)`` says why. The result goes on: the policy does not rest on detectors."""


class Detector(Protocol):
    """Looks at the passages of one result. ``name`` is what ``guard.flagged`` calls it."""

    name: str

    async def look(self, log: TaskLog, call_id: str, passages: Sequence[Passage]) -> list[Finding]:
        """The suspicious ones. Raises ``CannotTell``."""


class Heuristics:
    """The words of a text, without asking anybody."""

    name = "heuristics"

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    async def look(self, log: TaskLog, call_id: str, passages: Sequence[Passage]) -> list[Finding]:
        found = []
        for passage in passages:
            seen = suspicion(passage.text)
            if seen.score >= self._threshold and seen.reasons:
                found.append(Finding(passage, seen.score, "; ".join(seen.reasons[:3])))
        return found
