"""Weighing an answer before it counts: one critique and one retry, then several samples and a vote."""

from journal.projection import TaskState
from journal.techniques import Techniques
from planners.planner import Finish, Move, Planner
from planners.techniques.reflexion import reflect
from planners.techniques.self_consistency import vote


def is_weighed(used: Techniques) -> bool:
    """Whether answers are weighed at all."""
    return used.reflexion or used.self_consistency > 1


class Deliberate:
    """A planner that goes by another one, and weighs the answers that a model gave it.

    Each answer that went into it is journaled, so a resumed task asks only for those that are missing.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self.name = planner.name
        self.prompt_version = planner.prompt_version

    def instructions(self, profile: str) -> str:
        return self._planner.instructions(profile)

    def next(self, state: TaskState) -> Move:
        move, used = self._planner.next(state), state.submitted.techniques
        if used.reflexion and isinstance(move, Finish) and move.question is not None:
            move = reflect(state, move, move.question)
        if used.self_consistency > 1 and isinstance(move, Finish) and move.question is not None:
            move = vote(state, move, move.question, used.self_consistency)
        return move
