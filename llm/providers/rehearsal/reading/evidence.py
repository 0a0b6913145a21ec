"""Which segments answer a question: scores by rare words covered, by the kind of answer asked for, and by contrast."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import log

from llm.providers.rehearsal.language.dates import find_dates, find_times, has_when
from llm.providers.rehearsal.language.units import UNIT_WORDS
from llm.providers.rehearsal.language.words import STOPWORDS, WEEKDAYS, canon, content, tokens, vocabulary
from llm.providers.rehearsal.reading.passages import Segment

STRONG = 0.5
"""From this share of the question's weight on, a segment counts as an answer."""
WEAK = 0.3
"""From here on it is worth showing as the closest there is."""

LIGHT = frozenset(
    canon(w)
    for w in """
    cost total number amount use type kind value date time day year work go come happen take last thing way stay
    information detail fact compute calculate add count sum average overall altogether currently called include full
    whole different people person allow possible place explain describe step instruction procedure
    """.split()
)
"""Words that say little of what a question is about."""
_CONTRASTS = tuple(
    frozenset(canon(w) for w in line.split())
    for line in f"""
    north south east west
    first second third fourth fifth
    adult child senior student infant
    {" ".join(WEEKDAYS)}
    january february march april june july august september october november december
    single double twin triple
    morning afternoon evening
    summer winter spring autumn
    small medium large
    inner outer
    upper lower
    red blue green yellow black white orange purple
    domestic international
    weekday weekend
    male female
    indoor outdoor
    monthly weekly daily yearly
    economy business premium standard basic
    """.strip().splitlines()
)
"""Alternatives: who asks for one of a line does not mean another."""


@dataclass(frozen=True, slots=True)
class Scored:
    """``score`` is the share of the question's weight covered, about 0 to 1.3 with bonuses. ``missing`` are the question's
    words that neither the segment nor its surroundings have."""

    segment: Segment
    score: float
    missing: tuple[str, ...]

    @property
    def answers(self) -> bool:
        return self.score >= STRONG


class Evidence:
    """All segments at hand, and how rare each word is among them."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        self._frequency = Counter(word for s in segments for word in s.words)

    def weight(self, word: str, strong: frozenset[str]) -> float:
        rarity = 1 + log((len(self.segments) + 1) / (self._frequency[word] + 1)) / 3
        if word in strong:
            return rarity * 1.6
        return rarity * (0.35 if word in LIGHT or word in UNIT_WORDS or word.isdigit() or len(word) == 1 else 1)

    def rank(self, question: str, context: str = "") -> list[Scored]:
        """All segments that share a word with the question, best first. ``context`` (an earlier ask) only breaks ties."""
        wanted = content(question)
        strong = strong_words(question)
        weights = {word: self.weight(word, strong) for word in wanted}
        hints = frozenset(content(context)) - set(wanted)
        asked = _Asked(weights, sum(weights.values()) or 1.0, hints, answer_kind(question), strong, _modified(question))
        scored = [_score(s, asked) for s in self.segments]
        return sorted((s for s in scored if s.score > 0), key=lambda s: (-s.score, s.segment.order))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question made ready for scoring. ``modified`` are its pairs of a modifier and the noun behind it."""

    weights: dict[str, float]
    whole: float
    hints: frozenset[str]
    kind: str
    strong: frozenset[str]
    modified: tuple[tuple[str, str], ...]


def _score(s: Segment, asked: _Asked) -> Scored:
    own = sum(w for word, w in asked.weights.items() if word in s.words)
    near = sum(w for word, w in asked.weights.items() if word not in s.words and word in s.around)
    missing = tuple(word for word in asked.weights if word not in s.words and word not in s.around)
    if not own and near < asked.whole * 0.4 and not _names_kind(asked.kind, s):
        return Scored(s, 0.0, missing)
    score = (own + 0.75 * near) / asked.whole
    score += 0.02 * min(5, len(asked.hints & (s.words | s.around)))
    score += _kind_bonus(asked.kind, s.text) + 0.35 * _names_kind(asked.kind, s)
    score -= 0.45 * (contradicts(frozenset(asked.weights), s) or _other_kind(asked, s))
    score -= 0.3 * bool(asked.strong & set(missing))
    score -= 0.1 * s.text.rstrip().endswith("?")
    return Scored(s, score, missing)


def _modified(question: str) -> tuple[tuple[str, str], ...]:
    words = tokens(question)
    pairs = pairwise(words)
    canons = ((canon(m), canon(h)) for m, h in pairs if not {m, h} & STOPWORDS and not m.isdigit())
    return tuple((m, h) for m, h in canons if m not in LIGHT and not {m, h} & UNIT_WORDS)


def _other_kind(asked: _Asked, s: Segment) -> bool:
    """Whether the segment has a noun of the question with another modifier: the cardiology where the neurology department is
    asked for."""
    words = tokens(s.text)
    for modifier, head in asked.modified:
        if modifier in s.words or modifier in s.around or head not in s.words:
            continue
        before = [words[i - 1] for i, word in enumerate(words) if i and canon(word) == head]
        if before and all(w not in STOPWORDS and not w.isdigit() and canon(w) not in asked.weights for w in before):
            return True
    return False


def strong_words(question: str) -> frozenset[str]:
    """Names and identifiers of a question: capitalised inside it, in quotation marks, or with digits and letters."""
    found = re.findall(r"(?<=[a-z,:;] )(?:[A-ZÀ-Þ][\w’'-]+)|\b[A-Z]{2,}\b|\b(?=\w*\d)(?=\w*[A-Za-z])\w{2,}\b", question)
    quoted = re.findall(r"[\"“']([^\"”']{2,60})[\"”']", question)
    named = re.findall(
        r"\b(?:room|gate|line|track|platform|building|level|floor|unit|section|chapter|article|version|pier|dock"
        r"|channel|number|no\.?)\s(\d{1,4}|[A-Z])\b",
        question,
        re.IGNORECASE,
    )
    words = {canon(t) for text in [*found, *quoted, *named] for t in tokens(text)}
    return frozenset(
        w for w in words if w not in UNIT_WORDS and not re.fullmatch(r"\d+(?:st|nd|rd|th|k|m|kg|km|h|cm|mm|g|l)", w)
    )


def contradicts(wanted: frozenset[str], s: Segment) -> bool:
    """Whether the segment speaks of another one of a set of alternatives: the north quay where the south one is asked for."""
    have = s.words | s.around
    return any(wanted & group and have & group and not wanted & group & have for group in _CONTRASTS)


def answer_kind(question: str) -> str:
    """``who``, ``when``, ``where``, ``number``, ``address`` or nothing, from the question's words."""
    line = question.lower()
    for kind, pattern in _KINDS:
        if re.search(pattern, line):
            return kind
    return ""


_KINDS = (
    ("address", r"\b(?:e-?mail|phone|telephone|url|website|contact)\b"),
    (
        "number",
        r"\bhow (?:many|much|long|far|high|tall|deep|wide|old|fast|big|large|heavy|often)\b|\b(?:cost|price|fee|rate"
        r"|tariff|charge|fare|number of|percentage|share|height|length|weight|speed|capacity|pay|salary|wage|rent"
        r"|temperature|population)\b",
    ),
    ("day", r"\b(?:what|which) (?:days?|weekdays?)\b"),
    ("time", r"\b(?:what|which) time\b"),
    (
        "when",
        r"\bwhen\b|\b(?:what|which) (?:date|day|time|year|month|hours)\b|\bhours\b|\bdeadline\b|\buntil\b|\bdue\b|\bdate\b",
    ),
    ("who", r"\bwho\b|\bwhom\b|\bwhose\b"),
    ("where", r"\bwhere\b"),
)
_NAME = re.compile(
    r"(?<=[a-zà-þ,;:(] )(?:[A-ZÀ-Þ][a-zà-þ'’-]+)|^(?:[A-ZÀ-Þ][\w'’.-]+ ){1,2}[A-ZÀ-Þ][a-zà-þ]+|\b(?:Mr|Mrs|Ms|Dr|Prof)\b|@"
)
_PLACE = re.compile(
    r"\b(?:in|at|on|near|behind|opposite|next to|beside|street|road|avenue|floor|room|building|located|kept|stored"
    r"|inside|under|above)\b",
    re.IGNORECASE,
)


_KIND_KEYS = {
    "where": frozenset(canon(w) for w in "venue location place address where room".split()),
    "when": frozenset(canon(w) for w in "date time when day deadline".split()),
    "who": frozenset(canon(w) for w in "contact name host organiser organizer".split()),
}


def _names_kind(kind: str, s: Segment) -> bool:
    """Whether a ``key: value`` line says by its key that it answers: ``Venue: ...`` for ``where``."""
    if len(s.cells) != 1 or kind not in _KIND_KEYS:
        return False
    return {canon(t) for t in tokens(s.cells[0][0])} <= _KIND_KEYS[kind]


def _kind_bonus(kind: str, text: str) -> float:
    if not kind:
        return 0.0
    fits = {
        "who": lambda: _NAME.search(text) is not None,
        "when": lambda: has_when(text),
        "day": lambda: bool(vocabulary(text) & set(WEEKDAYS)) or bool(find_dates(text)),
        "time": lambda: bool(find_times(text)),
        "where": lambda: _PLACE.search(text) is not None,
        "number": lambda: re.search(r"\d", text) is not None or has_number_word(text),
        "address": lambda: re.search(r"@|\d{3}|https?:|www\.", text) is not None,
    }[kind]()
    return 0.15 if fits else -0.2


def has_number_word(text: str) -> bool:
    return (
        re.search(
            r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
            r"|thousand|free|dozen|none|no|twice|once)\b",
            text,
            re.IGNORECASE,
        )
        is not None
    )


_FOCUS = re.compile(
    r"^(?:(?:at|in|on|by|for|from|to|under|with) )?(?:which|what|how many"
    r"|whose)\s+(?P<np>(?:[\w-]+\s+){0,3}?[\w-]+?)(?=\s+(?:is|are|was|were|do|does|did|can|has|have|had|will|must"
    r"|should|may|of|in|for|at|on|from|to|per|with|work\w*|live\w*|belong\w*|need\w*)\b|[?,.]|$)"
    r"|^(?:who|what|when|where|tell me)(?:'s|’s)?\s+(?:is|are|was|were)\s+(?:the|an?|our|your|my|its"
    r"|their)\s+(?P<be>(?:[\w-]+\s+){0,3}?[\w-]+?)(?=\s+(?:of|in|for|at|on|from|to|per|with|by|is|are|and|that|which"
    r"|who|when|after|before|during|if|open|due)\b|[?,.]|$)",
    re.IGNORECASE,
)


def focus(question: str) -> tuple[str, ...]:
    """What kind of thing is asked for: the noun phrase right after the question word, without units and the like."""
    match = _FOCUS.match(question.strip())
    phrase = (match["np"] or match["be"] or "") if match else ""
    return tuple(w for w in content(phrase) if w not in LIGHT and w not in UNIT_WORDS)


def lacks_focus(question: str, scored: Scored) -> bool:
    """Whether the segment has nothing of what the question is after (the mayor, the password)."""
    wanted = focus(question)
    return bool(wanted) and all(word in scored.missing for word in wanted) and canon(wanted[-1]) in scored.missing


_NUMERIC = re.compile(r"\d[\d.,:/-]*\d|\d")


def conflicts(a: Scored, b: Scored) -> bool:
    """Whether two segments say the same of the same thing but with other numbers or names of days."""
    if a.segment.is_row or b.segment.is_row or b.score < 0.85 * a.score or a.segment.text == b.segment.text:
        return False
    numbers_a, numbers_b = set(_NUMERIC.findall(a.segment.text)), set(_NUMERIC.findall(b.segment.text))
    if not numbers_a or not numbers_b or numbers_a & numbers_b:
        return False
    words_a, words_b = _plain_words(a.segment), _plain_words(b.segment)
    shared, both = len(words_a & words_b), len(words_a | words_b)
    if a.segment.passage.source == b.segment.passage.source:
        return shared >= 0.8 * both
    return bool(shared) and shared >= 0.6 * min(len(words_a), len(words_b)) and shared >= 0.35 * both


def _plain_words(segment: Segment) -> set[str]:
    return {canon(t) for t in tokens(segment.text) if t not in STOPWORDS and not any(c.isdigit() for c in t)}
