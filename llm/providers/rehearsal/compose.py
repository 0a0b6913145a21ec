"""Answers put into words for a person, with numbered sources."""

import json
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, missing
from llm.providers.rehearsal.asks import Ask
from llm.providers.rehearsal.reading.passages import Passage

ONE = Decimal(1)
CLOSING = "(rehearsal, Journeyman's built-in model: no neural network, only rules over your documents and tools.)"
CONFIGURE = (
    "For more, configure a real model: a [models.NAME] section with provider, model and api_key_env in journeyman.toml."
)
NO_SEARCH = "no tool for searching documents is offered."
SELF = (
    "I am rehearsal, Journeyman's built-in model: no neural network, but a deterministic local program. I find and "
    "quote passages of your documents with their "
    "sources, calculate with what I found, handle units, dates and tables, read and write files and fetch pages. I do "
    "not write, translate or judge freely. " + CONFIGURE
)


def beyond(ask: Ask) -> Answer:
    """The plain word that an ask needs a real model."""
    return missing(
        f"“{ask.text.rstrip('?. ')}” is beyond me: it takes a language model, and I only find, quote, calculate and "
        f"act with tools. I did not try it."
    )


def final(answers: list[Answer]) -> str:
    """The whole answer: one paragraph for each ask, the sources, and what answered."""
    if not answers:
        return f"There is no goal to work on. {CLOSING}"
    paragraphs, sources = _numbered(answers)
    listed = [f"Sources: {sources}"] if sources else []
    closing = [CLOSING if all(a.found for a in answers) else f"{CLOSING[:-1]} {CONFIGURE})"]
    return "\n\n".join([*paragraphs, *listed, *closing])


def for_file(answers: list[Answer], path: str) -> str:
    """The same without the closing, as a file's content; JSON for a ``.json`` file."""
    paragraphs, sources = _numbered(answers)
    if path.lower().endswith(".json"):
        values = [str(a.value) for a in answers if a.value is not None]
        return (
            json.dumps({"answer": "\n\n".join(paragraphs), "values": values, "sources": sources}, ensure_ascii=False, indent=2)
            + "\n"
        )
    return "\n\n".join([*paragraphs, *([f"Sources: {sources}"] if sources else [])]) + "\n"


def _numbered(answers: list[Answer]) -> tuple[list[str], str]:
    numbers: dict[str, int] = {}
    told: set[Line] = set()
    paragraphs: list[str] = []
    for answer in answers:
        paragraphs.append("\n".join(_cited(line, numbers) for line in _news(answer.lines, told)))
        told.update(answer.lines)
    return [p for p in paragraphs if p], "; ".join(f"[{n}] {cite}" for cite, n in numbers.items())


def _news(lines: tuple[Line, ...], told: set[Line]) -> list[Line]:
    """The lines without those quotes that stand above already."""
    return [line for line in dict.fromkeys(lines) if line not in told or not line.text.startswith("“")]


def _cited(line: Line, numbers: dict[str, int]) -> str:
    cites = [_cite(p) for p in line.passages if p.source != "your request"]
    marks = "".join(f"[{numbers.setdefault(cite, len(numbers) + 1)}]" for cite in dict.fromkeys(cites))
    return f"{line.text} {marks}".strip()


def _cite(passage: Passage) -> str:
    return passage.cite
