"""Answers that are quoted: the best sentences with their sources, contradictions named, gaps admitted."""

import re

from llm.providers.rehearsal.answers import Answer, Line, missing, originals, quoted, said
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.evidence import STRONG, WEAK, Evidence, Scored, conflicts, lacks_focus, strong_words
from llm.providers.rehearsal.reading.passages import Segment

_PRONOUN = re.compile(
    r"^(?:it|they|he|she|this|these|that|those|its|their|his|her|there|both|the latter|the former)\b", re.IGNORECASE
)
_LIST = re.compile(
    r"\b(?:which|what|list|name|all|steps?|rules|requirements|ingredients|members|items|hours|options|conditions"
    r"|things)\b.*(?:s\b|\ball\b)",
    re.IGNORECASE,
)


def look_up(question: str, evidence: Evidence, context: str = "") -> Answer:
    """The best segments, quoted. Where nothing fits, that is said, with the closest there is."""
    ranked = evidence.rank(question, context)
    best = ranked[0] if ranked else None
    if best is not None and best.missing and (each := _each_of(question, best, evidence)):
        return each
    if best is None or best.score < WEAK:
        return not_found(question)
    if best.score < STRONG or lacks_focus(question, best) or strong_words(question) & set(best.missing):
        return _closest(question, best)
    if section := _section(question, best, evidence):
        return Answer(tuple(quoted(s) for s in section))
    rivals = [s for s in ranked[1:12] if conflicts(best, s)]
    if rivals:
        lines = [quoted(best.segment), quoted(rivals[0].segment)]
        return Answer((Line("The sources do not agree:"), *lines))
    return Answer(tuple(_quoted_fully(s, question, evidence) for s in _chosen(best, ranked)))


_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&|plus|as well as)\s+", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:please\s+)?(?:what|who|which|when|where)?(?:'s|’s|\s+(?:is|are|was|were))?\s*(?:the|our|my|your|its|their|both)?\s*",
    re.IGNORECASE,
)


def _each_of(question: str, best: Scored, evidence: Evidence) -> Answer | None:
    """``the venue and the dress code``: each looked up by itself, where no one sentence has both."""
    parts = [p for p in _AND.split(_LEADING.sub("", question.strip(" ?.!"))) if content(p)]
    if not 2 <= len(parts) <= 4 or not any(set(content(p)) <= set(best.missing) for p in parts):
        return None
    found = [next(iter(evidence.rank(part)), None) for part in parts]
    if any(s is None or s.score < STRONG or set(content(p)) <= set(s.missing) for p, s in zip(parts, found, strict=True)):
        return None
    return Answer(tuple(dict.fromkeys(_quoted_fully(s, p, evidence) for p, s in zip(parts, found, strict=True) if s)))


def not_found(question: str) -> Answer:
    return missing(f"Not found: I found nothing in the documents that answers “{_short(question)}”.")


def _short(question: str) -> str:
    line = " ".join(question.split()).rstrip("?.! ")
    return line if len(line) <= 160 else line[:160].rsplit(" ", 1)[0] + " …"


def _closest(question: str, best: Scored) -> Answer:
    lost = originals(question, best.missing)
    about = f" They say nothing about {_join(lost)} there." if lost else ""
    text = f"Not found: I found nothing in the documents that answers “{_short(question)}”.{about}"
    close = quoted(best.segment)
    return missing(text, Line(f"The closest passage: {close.text}", close.passages))


def _join(words: list[str]) -> str:
    shown = [f"“{w}”" for w in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _chosen(best: Scored, ranked: list[Scored]) -> list[Scored]:
    """The best segment, and one more where it covers what the best one misses or is as good."""
    gaps = set(best.missing)
    for other in ranked[1:6]:
        adds = gaps & other.segment.words
        alike = len(other.segment.words & best.segment.words) > 0.8 * len(other.segment.words)
        if other.score >= 0.9 * best.score and not alike and (adds or other.score >= best.score - 0.03):
            return [best, other]
        if adds and other.score >= STRONG:
            return [best, other]
    return [best]


def _section(question: str, best: Scored, evidence: Evidence) -> list[Segment]:
    """All bullets and pairs under a heading that is itself what was asked for."""
    segment = best.segment
    wanted = set(content(question))
    own = wanted & segment.words
    if segment.is_row or not segment.heading or len(own) > len(wanted) / 2 or not _LIST.search(question):
        return []
    if not set(content(segment.heading)) & wanted:
        return []
    mates = [s for s in evidence.segments if s.heading == segment.heading and s.passage.source == segment.passage.source]
    return mates[:10] if 1 < len(mates) <= 25 else []


def _quoted_fully(scored: Scored, question: str, evidence: Evidence) -> Line:
    segment = scored.segment
    if segment.is_row:
        return _cell(segment, question)
    segments = evidence.segments
    if segment.text.rstrip().endswith("?") and segment.order + 1 < len(segments):
        after = segments[segment.order + 1]
        if after.passage.source == segment.passage.source:
            return quoted(after)
    if _PRONOUN.match(segment.text) and segment.order > 0:
        before = segments[segment.order - 1]
        if before.passage == segment.passage and not before.cells:
            return Line(f"“{before.text} {segment.text}”", (segment.passage,))
    return quoted(segment)


def _cell(segment: Segment, question: str) -> Line:
    """The cell whose column the question names, with the row it stands in."""
    wanted = set(content(question))
    fitting = [
        (c, v)
        for c, v in segment.cells
        if {canon(t) for t in tokens(c.replace("_", " ")) if t not in STOPWORDS} & wanted and not set(content(v)) & wanted
    ]
    if not fitting:
        return quoted(segment)
    return said("; ".join(f"{c}: {v}" for c, v in fitting[:4]) + f" (“{segment.text[:400]}”)", segment)


def summarize(subject: str, evidence: Evidence, count: int = 5) -> Answer:
    """The sentences that say most about the subject, in their own order: an extract, not a rewriting."""
    words = [w for w in content(subject) if w not in _SUMMARY_WORDS]
    ranked = evidence.rank(" ".join(words)) if words else []
    strong = [s.segment for s in ranked if s.score >= WEAK]
    if not strong and not words:
        strong = evidence.segments[:count]
    if not strong:
        return not_found(subject)
    sources = list(dict.fromkeys(s.passage.source for s in strong[:3]))
    mates = [s for s in evidence.segments if s.passage.source in sources[:1] and s not in strong]
    chosen = sorted((strong + mates)[:count], key=lambda s: s.order)
    return Answer(
        (
            Line("The main sentences, quoted (I extract, I do not rephrase):"),
            *(Line(f"- {q.text}", q.passages) for q in map(quoted, chosen)),
        )
    )


_SUMMARY_WORDS = frozenset(
    canon(w)
    for w in """
    summarize summarise summary overview gist key point points main outline sum short brief extract note notes page
    write save
""".split()
)
