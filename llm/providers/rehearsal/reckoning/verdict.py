"""Yes or no: what the documents rule, held against what the question gives."""

import re
from dataclasses import dataclass

from llm.providers.rehearsal.answers import Answer, Line, quoted
from llm.providers.rehearsal.language.bounds import limits
from llm.providers.rehearsal.language.dates import find_times
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import UNIT_WORDS, factor
from llm.providers.rehearsal.language.words import WEEKDAYS, canon, content, tokens, vocabulary
from llm.providers.rehearsal.reading.evidence import LIGHT, Evidence, Scored, contradicts, strong_words
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Question
from llm.providers.rehearsal.reckoning.rules import (
    ALLOWS,
    DEMANDS,
    DENIES,
    FORBIDS,
    FREES,
    STATES,
    Held,
    hold_against,
    hold_time,
    tone,
)

_INDIRECT = re.compile(
    r"^(?:(?:please|tell|me|us|check|find\s+out|see|say|know|verify|confirm|decide|look\s+up"
    r"|work\s+out)\s+)*(?:whether|if)\s+",
    re.IGNORECASE,
)
_AUX = re.compile(
    r"^(?:so\s|and\s|but\s)?(?:is|are|was|were|do|does|did|can|could|may|might|must|should|has|have|will|would|am|need)\s",
    re.IGNORECASE,
)
_NEED = re.compile(
    r"\b(?:need|needs|must|have\s+to|has\s+to|required?|requires|compulsory|mandatory|obligatory|necessary|obliged)\b",
    re.IGNORECASE,
)
_MAY = re.compile(r"\b(?:can|could|may|allowed|permitted|possible|okay|ok|legal|let|accept(?:ed|s)?|take)\b", re.IGNORECASE)
_AGAINST = re.compile(r"\b(?:forbidden|prohibited|banned|illegal|not\s+allowed)\b", re.IGNORECASE)
_MODAL_WORDS = frozenset(
    canon(w)
    for w in """need must require required compulsory mandatory obligatory necessary obliged allowed allow permit permitted
    forbidden prohibited possible okay ok legal someone somebody anyone person people still already ever old really actually
    also today without included welcome accept take be use yes true correct""".split()
)
_CLAUSES = re.compile(r";\s+|,\s+(?:but|while|whereas|however)\s+|\s+but\s+|\s+whereas\s+|,\s+(?=(?:the|no|not|only)\s)")
_DAY_PARTS = re.compile(
    r"[;,.]\s|\s(?:and(?=\s(?:closed|shut|not))|but)\s|\s(?=except|excluding|but\snot|not\son)", re.IGNORECASE
)
_SHUT = re.compile(r"\b(?:clos\w+|shut|except\w*|excluding|not)\b", re.IGNORECASE)


def is_yes_no(text: str) -> bool:
    """Whether a yes or no is wanted."""
    return bool(_AUX.match(_INDIRECT.sub("", text)) or _INDIRECT.match(text)) and not re.search(r"\bor\b(?! not)", text)


_DAYS = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)


def decide(question: Question, evidence: Evidence) -> Answer | None:
    """The verdict with the sentence that bears it; ``None`` where no sentence decides."""
    if not is_yes_no(question.text):
        return None
    wanted = _Wanted.of(question)
    best: tuple[float, Answer] | None = None
    for scored in evidence.rank(_DAYS.sub(" ", question.full))[:12]:
        found = _judge(wanted, scored)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best else None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A yes-or-no question taken apart. ``about`` are the words that a sentence must be about."""

    text: str
    about: frozenset[str]
    strong: frozenset[str]
    givens: list[Quantity]
    kind: str
    against: bool
    without: bool

    @classmethod
    def of(cls, question: Question) -> "_Wanted":
        text = _INDIRECT.sub("", question.text)
        about = frozenset(
            w
            for w in content(text)
            if w not in _MODAL_WORDS
            and w not in UNIT_WORDS
            and not w.isdigit()
            and w not in LIGHT
            and len(w) > 1
            and w not in WEEKDAYS
        )
        kind = DEMANDS if _NEED.search(text) else ALLOWS if _MAY.search(text) or _AGAINST.search(text) else STATES
        against, without = _AGAINST.search(text) is not None, re.search(r"\bwithout\b", text, re.IGNORECASE) is not None
        return cls(text, about, strong_words(question.text) - set(WEEKDAYS), question.givens, kind, against, without)


def _judge(wanted: _Wanted, scored: Scored) -> tuple[float, Answer] | None:
    """How well a sentence decides the question, and the answer it gives."""
    segment = scored.segment
    if segment.is_row:
        return None
    clause = _clause(segment, wanted)
    held = _measured(wanted, segment, clause)
    known = segment.words | segment.around
    covered = len(wanted.about & known) / len(wanted.about) if wanted.about else 0.0
    if (
        covered < (0.34 if held else 0.66)
        or wanted.strong - known
        or not wanted.about & (known if held and held.settled else segment.words)
    ):
        return None
    if held is None and contradicts(frozenset(content(wanted.text)), segment) and not vocabulary(wanted.text) & set(WEEKDAYS):
        return None
    ruled = _ruled(wanted, clause, held)
    if ruled is None:
        return None
    yes = ruled != wanted.against
    lines = [Line(f"{'Yes' if yes else 'No'}: {quoted(segment).text}", (segment.passage,))]
    lines += [Line(held.words)] if held is not None else []
    return covered + (0.5 if held else 0) + 0.3 * scored.score, Answer(tuple(lines))


def _clause(segment: Segment, wanted: _Wanted) -> str:
    """The part of the sentence that is about the question."""
    parts = [p for p in _CLAUSES.split(segment.text) if p]
    return max(parts, key=lambda p: len(wanted.about & vocabulary(p))) if len(parts) > 1 else segment.text


def _measured(wanted: _Wanted, segment: Segment, clause: str) -> Held | None:
    """Whether what the question gives keeps within what the sentence says: a bound, opening times, days, an amount."""
    held = hold_against(clause, wanted.givens) or _timed(wanted.text, segment.text) or _on_day(wanted.text, segment.text)
    return held or _compared(wanted.text, clause)


def _timed(text: str, sentence: str) -> Held | None:
    asked = find_times(text)
    if len(asked) != 1:
        return None
    days = vocabulary(text) & set(WEEKDAYS)
    parts = [p for p in re.split(r"[,;]\s|\sand\s(?=[A-Z])", sentence) if days & vocabulary(p)] if days else []
    return hold_time(parts[0] if parts else sentence, asked[0])


def _on_day(text: str, sentence: str) -> Held | None:
    asked = vocabulary(text) & set(WEEKDAYS)
    if len(asked) != 1:
        return None
    day = next(iter(asked))
    parts = [p for p in _DAY_PARTS.split(sentence) if vocabulary(p) & set(WEEKDAYS)]
    if not parts:
        return None
    own = [p for p in parts if day in vocabulary(p)]
    closed = any(_SHUT.search(p) for p in own)
    is_open = bool(own) and not closed
    words = f"{day.capitalize()} is {'named' if own else 'not among the days named'}."
    return Held(is_open != (_SHUT.search(text) is not None), words, settled=True)


def _compared(text: str, clause: str) -> Held | None:
    """``Is the tower taller than 300 m?``, ``Is the deposit 500 euros?``: the amount in the sentence against the one asked."""
    stated = [q for q in find_quantities(clause) if not q.is_bound and q.unit is not None]
    for asked in find_quantities(text):
        found = limits(text, asked)
        for q in stated:
            ratio = factor(q.unit, asked.unit) if q.unit and asked.unit else None
            if ratio is None:
                continue
            inside = found.hold(q.value * ratio) if found else q.value * ratio == asked.value
            return Held(inside, f"The amount is {amount(q.value, q.unit)}.")
    return None


def _ruled(wanted: _Wanted, clause: str, held: Held | None) -> bool | None:
    """What the clause says to the question: true for yes; ``None`` where it says neither."""
    rule = tone(clause)
    inside = held.inside if held is not None else True
    if wanted.kind == DEMANDS:
        return {DEMANDS: inside, FREES: not inside, FORBIDS: inside if wanted.without else None}.get(rule)
    if wanted.kind == ALLOWS:
        return _permitted(rule, inside, wanted, clause, held)
    if held is not None and held.settled:
        return inside
    if rule in (FORBIDS, DENIES):
        return not inside if held is not None else _is_opposite(wanted.text, clause)
    return inside != _is_opposite(wanted.text, clause)


def _permitted(rule: str, inside: bool, wanted: _Wanted, clause: str, held: Held | None) -> bool | None:
    if held is not None and held.settled:
        return inside
    if rule == FORBIDS:
        return not inside
    if rule == DEMANDS and wanted.without and not re.search(r"\bwithout\b", clause, re.IGNORECASE):
        return not inside
    if rule == DEMANDS:
        return inside if held is not None and re.search(r"\b(?:be|have|minimum|least)\b", clause, re.IGNORECASE) else None
    if rule == DENIES:
        return False
    return inside != _is_opposite(wanted.text, clause)


_OPPOSITES = (("open", "close"), ("include", "exclude"), ("free", "cost"), ("available", "sold"))


def _is_opposite(text: str, clause: str) -> bool:
    """Whether the clause has the opposite of a word of the question: closed where open is asked for."""
    asked, said = {canon(t) for t in tokens(text)}, {canon(t) for t in tokens(clause)}
    pairs = (*_OPPOSITES, *((b, a) for a, b in _OPPOSITES))
    return any(canon(a) in asked and canon(b) in said and canon(a) not in said for a, b in pairs)
