"""What an ask is answered with, before it is put into words for a person."""

from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.units import Unit
from llm.providers.rehearsal.reading.passages import Passage, Segment


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer and the passages that bear it out."""

    text: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """``found`` is false for what could not be answered. ``value`` and ``unit`` are set when the answer is one number."""

    lines: tuple[Line, ...]
    found: bool = True
    value: Decimal | None = None
    unit: Unit | None = None


def quote(segment: Segment) -> str:
    """A segment between quotation marks, shortened where it is very long."""
    text = segment.text.strip()
    return f"“{text if len(text) <= 600 else text[:600].rsplit(' ', 1)[0] + ' …'}”"


def quoted(segment: Segment) -> Line:
    return Line(quote(segment), (segment.passage,))


def said(text: str, *segments: Segment) -> Line:
    return Line(text, tuple(dict.fromkeys(s.passage for s in segments)))


def missing(text: str, *lines: Line) -> Answer:
    """What was asked could not be found; ``lines`` say what comes closest."""
    return Answer((Line(text), *lines), found=False)
