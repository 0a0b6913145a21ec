"""What tools returned, as passages, and passages cut into the segments that can be quoted."""

import re
import textwrap
from collections import Counter
from dataclasses import dataclass, replace

from llm.providers.rehearsal.language.words import vocabulary
from llm.providers.rehearsal.reading.tables import read_records


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document. ``position`` and ``heading`` may be empty."""

    source: str
    position: str
    heading: str
    text: str

    @property
    def cite(self) -> str:
        return f"{self.source}, {self.position}" if self.position else self.source


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, bullet, ``key: value`` line or table row that can be quoted as it stands.

    ``cells`` are the columns of a row or the one pair of a ``key: value`` line. ``around`` is the vocabulary of heading
    and source (and of the sentence before), which counts less than the segment's own ``words``.
    """

    text: str
    passage: Passage
    words: frozenset[str]
    around: frozenset[str]
    cells: tuple[tuple[str, str], ...] = ()
    heading: str = ""
    order: int = 0

    @property
    def is_row(self) -> bool:
        return len(self.cells) > 1


_HIT = re.compile(r"(?:\A|(?<=\n\n))\[(\d{1,4})\] ([^\n]{1,800})$", re.MULTILINE)


def read_hits(result: str, most: int = 200) -> list[Passage]:
    """The hits of a ``recall`` result that brings at most ``most``.

    A document may hold lines that look like the head of a hit. Heads are numbered in order, behind an empty line; where two
    lines could be the same head, nobody can say whose text follows, so it is left out.
    """
    heads = [m for m in _HIT.finditer(result) if int(m[1]) <= most]
    counts = Counter(int(m[1]) for m in heads)
    hits: list[Passage] = []
    expected = 1
    for place, head in enumerate(heads):
        number = int(head[1])
        end = heads[place + 1].start() if place + 1 < len(heads) else len(result)
        if number == expected and counts[number] == 1:
            hits.append(_hit(head[2], result[head.end() : end]))
        expected = max(expected, number + 1)
    return hits


def _hit(head: str, text: str) -> Passage:
    source, _, rest = head.partition(" · ")
    position, _, heading = rest.partition(" · ")
    return Passage(source.strip(), position.strip(), heading.strip(), text.strip("\n"))


_MARKUP = re.compile(r"^\s{0,3}(?P<marks>#{1,6})\s+(?P<title>.+?)\s*#*$")
_BULLET = re.compile(r"^\s*(?:[-*+•–]|\d{1,3}[.)]|\[[ xX]\])\s+")
_PAIR = re.compile(r"^(?:\*\*|__)?(?P<key>[^\W_][^:\n|=]{0,60}?)(?:\*\*|__)?\s?[:=](?:\*\*|__)?\s+(?P<value>\S.*)$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')\]]?\s+(?=[\"“'(\[]?[A-ZÀ-ÞА-Я0-9€$£])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|approx|ca|no|nr|st|mr|mrs|ms|dr|prof|vs|etc|max|min|incl|excl|tel|art|sec|fig|jan|feb|mar|apr"
    r"|jun|jul|aug|sept?|oct|nov|dec)|(?-i:\b[A-Z]))\.$",
    re.IGNORECASE,
)
MAX_SEGMENTS = 4000


def segments(passages: list[Passage]) -> list[Segment]:
    """All segments in order, each text from one source only once."""
    found: list[Segment] = []
    seen: set[tuple[str, str]] = set()
    for passage in passages:
        for segment in _cut(passage):
            key = (passage.source, segment.text)
            if key not in seen and len(found) < MAX_SEGMENTS:
                seen.add(key)
                found.append(replace(segment, order=len(found)))
    return found


def _cut(passage: Passage) -> list[Segment]:
    around = vocabulary(f"{passage.heading} {re.sub(r'[._/-]', ' ', passage.source.rsplit('.', 1)[0])}")
    records, rest = read_records(passage.text, records_only=passage.position.startswith("$"))
    cut = [
        Segment(
            r.text,
            passage,
            vocabulary(r.text.replace("_", " ") + " " + " ".join(k for k, _ in r.cells).replace("_", " ")),
            around,
            r.cells,
            passage.heading,
        )
        for r in records
    ]
    return cut + _cut_prose(passage, rest, around)


def _cut_prose(passage: Passage, text: str, base: frozenset[str]) -> list[Segment]:
    cut: list[Segment] = []
    heading, intro = passage.heading, frozenset[str]()
    titled = base
    for block in _blocks(text):
        if title := _MARKUP.match(block):
            heading = title["title"]
            titled, intro = base | vocabulary(heading), frozenset()
            continue
        bullet = _BULLET.match(block)
        body = block[bullet.end() :] if bullet else block
        pair = _pair(body)
        before = intro if bullet or pair else frozenset()
        for sentence in [body.strip()] if pair else split_sentences(body):
            words = vocabulary(sentence)
            cut.append(Segment(sentence, passage, words, titled | before, pair, heading))
            before = before | words if not bullet else before
        intro = (
            vocabulary(block) if not bullet and block.rstrip().endswith(":") else (intro if bullet or pair else frozenset())
        )
    return cut


def _pair(text: str) -> tuple[tuple[str, str], ...]:
    match = _PAIR.match(text.strip())
    if match is None or len(match["key"].split()) > 7 or re.search(r"[.!?]\s", match["key"]):
        return ()
    value = match["value"].strip()
    return ((match["key"].strip(" *_"), value),) if len(split_sentences(value[:2000])) == 1 else ()


def _blocks(text: str) -> list[str]:
    """Headings, bullets and ``key: value`` lines each alone; other neighbouring lines joined to a paragraph."""
    blocks: list[str] = []
    joins = False
    for line in text.splitlines():
        alone = bool(_MARKUP.match(line) or _BULLET.match(line) or _pair(line))
        if not line.strip() or line.strip().startswith(("```", "---", "===")):
            joins = False
        elif alone or not joins:
            blocks.append(line.strip() if not _BULLET.match(line) else line)
            joins = not _MARKUP.match(line) and not _pair(line)
        else:
            blocks[-1] += " " + line.strip()
    return blocks


def split_sentences(text: str) -> list[str]:
    """Sentences of running text; abbreviations and initials do not end one."""
    parts: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[max(start, match.start() - 8) : match.start()]):
            continue
        parts.append(text[start : match.end()].strip())
        start = match.end()
    parts.append(text[start:].strip())
    return [piece for part in parts if part for piece in _pieces(part)]


MAX_SENTENCE = 1500


def _pieces(sentence: str) -> list[str]:
    """A sentence, or what is as long as none, cut at spaces: so that the work on one segment is bounded."""
    return textwrap.wrap(sentence, MAX_SENTENCE, break_on_hyphens=False) if len(sentence) > MAX_SENTENCE else [sentence]
