"""Techniques as a task carries them: ways to ask a model that make its answers better, under the field's names."""

from typing import Annotated

from pydantic import Field, StringConstraints

from journal.values import Value

MAX_SAMPLES = 20

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Hint = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]

_ASIDE = "aside-"
SAMPLE = f"{_ASIDE}sample"
CRITIQUE = f"{_ASIDE}critique"
RETRY = f"{_ASIDE}retry"


class Example(Value):
    """A goal with a good answer to it; ``reasoning`` is the way from one to the other."""

    goal: Text
    answer: Text
    reasoning: str = Field("", max_length=20_000)


class Techniques(Value):
    """What is done for better answers; each costs tokens, and ``self_consistency`` and ``reflexion`` cost model calls."""

    few_shot: tuple[Example, ...] = Field((), max_length=20)
    """Goals with good answers, shown as examples (Brown et al. 2020)."""
    chain_of_thought: bool = False
    """Reason step by step first; the answer is what stands behind `Answer:` (Wei et al. 2022)."""
    self_consistency: int = Field(1, ge=1, le=MAX_SAMPLES)
    """So many samples of the final answer; the most frequent one counts (Wang et al. 2022)."""
    reflexion: bool = False
    """One critique of the final answer, and where it finds fault one retry (Shinn et al. 2023)."""
    program_aided: bool = False
    """Write programs for what can be computed, and run them by the tool `python` (Gao et al. 2022)."""
    directional_stimulus: tuple[Hint, ...] = Field((), max_length=50)
    """Hints, such as keywords, at what the answer should hold (Li et al. 2023)."""

    def __bool__(self) -> bool:
        """Whether any is used."""
        return self != _NONE


_NONE = Techniques()


def is_aside(step: str) -> bool:
    """Whether a model call's ``step`` is an aside about the task's answer, and no step of a plan: no such id has a hyphen."""
    return step.startswith(_ASIDE)
