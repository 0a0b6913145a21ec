"""What an ask is answered with, before it is put into words for a person."""

import re
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.units import Unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reading.passages import Passage, Segment


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer and the passages that bear it out."""

    text: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """``found`` is false for what could not be answered. ``value`` and ``unit`` are set when the answer is one number,
    ``subject`` when it names one thing that a later ``it`` may mean."""

    lines: tuple[Line, ...]
    found: bool = True
    value: Decimal | None = None
    unit: Unit | None = None
    subject: str = ""


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


def originals(question: str, lost: tuple[str, ...]) -> list[str]:
    """The question's own spelling of words it misses."""
    found = [
        t
        for t in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", question)
        if any(canon(p) in lost for p in tokens(t)) and t.lower() not in STOPWORDS
    ]
    return list(dict.fromkeys(found))[:4]
