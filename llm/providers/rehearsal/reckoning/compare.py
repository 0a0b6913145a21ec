"""Two things held against each other: how much more, which is cheaper, both together."""

import re
from collections.abc import Callable
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, missing, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.units import factor
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means, Question

_THAN = re.compile(
    r"\bhow (?:many|much) (?:\w+ )?(?:more|fewer|less|longer|taller|higher|cheaper|older|younger|heavier|deeper|wider"
    r"|faster|bigger|larger|dearer|shorter|slower)\b(?P<what>[^?]*?)\b(?:is|are|was|were|do|does|did|has|have|had|will"
    r"|costs?)\s+(?P<a>[^?]{2,100}?)\s+(?:\w+\s+)?than\s+(?P<b>[^?]{2,100}?)\s*[?.]?$",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\b(?P<op>difference)\b(?P<what>[^?]*?)\bbetween\s+(?P<a>[^?]{2,100}?)\s+and\s+(?P<b>[^?]{2,100}?)\s*[?.]?$",
    re.IGNORECASE,
)
_OR = re.compile(
    r"\b(?:which|who|what|where)\b(?P<what>[^?]*?\b(?:cheaper|more|less|fewer|longer|taller|higher|older|younger"
    r"|heavier|lighter|deeper|wider|faster|slower|bigger|larger|smaller|shorter|earlier|later|lower|better"
    r"|dearer)\b[^?]*?)[,:]?\s(?:the\s)?(?P<a>[^?,]{2,60}?),?\s+or\s+(?:the\s)?(?P<b>[^?]{2,60}?)\s*[?.]?$",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\b(?P<a>[^?,]{2,80}?)\s+and\s+(?P<b>[^?,]{2,80}?)\s+(?:together|combined|in total|altogether|taken together)\b",
    re.IGNORECASE,
)
_SUM_OF = re.compile(
    r"\b(?:sum|total|combined \w+)\b(?P<what>[^?]*?)\b(?:of"
    r"|for)\s+(?P<a>[^?,\d]{2,80}?)\s+and\s+(?P<b>[^?,\d]{2,80}?)\s*[?.]?$",
    re.IGNORECASE,
)
_SMALLER = re.compile(r"\b(?:cheaper|less|fewer|younger|lighter|smaller|shorter|slower|lower|earlier)\b", re.IGNORECASE)


def compare(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The answer, or ``None`` when the question does not compare or no two amounts of one unit were found."""
    text = question.text
    for pattern, op in ((_THAN, "difference"), (_DIFFERENCE, "difference"), (_OR, "pick"), (_BOTH, "sum"), (_SUM_OF, "sum")):
        if match := pattern.search(text):
            parts = match.groupdict()
            rest = f"{parts.get('what') or ''} {text[: match.start('a')] if op != 'pick' else ''}"
            return _settle(op, parts["a"], parts["b"], rest, text, evidence, means.calculate)
    return None


def _settle(
    op: str, a: str, b: str, what: str, question: str, evidence: Evidence, calculate: Callable[[str], str]
) -> Answer | None:
    common = set(content(what)) | (set(content(a)) & set(content(b)))
    pairs = [
        (score_a + score_b, fact_a, fact_b)
        for fact_a, score_a in _candidates(a, b, common, evidence)
        for fact_b, score_b in _candidates(b, a, common, evidence)
        if fact_a is not fact_b and _ratio(fact_a, fact_b) is not None
    ]
    if not pairs:
        return _lost(a, b, evidence)
    _, first, second = max(pairs, key=lambda p: p[0])
    ratio = _ratio(second, first) or Decimal(1)
    other = second.value * ratio
    facts = [quoted(s) for s in dict.fromkeys(f.segment for f in (first, second))]
    if op == "pick":
        return _pick(question, a, b, first, second, other, facts)
    low, high = sorted((first.value, other))
    shown = (
        f"{numerals.plain(first.value)} + {numerals.plain(other)}"
        if op == "sum"
        else f"{numerals.plain(high)} - {numerals.plain(low)}"
    )
    value = numerals.first_number(calculate(shown)) or Decimal(0)
    name = "Together" if op == "sum" else "Difference"
    text = f"{name}: {amount(value, first.unit)} ({shown} = {numerals.show(value)})."
    return Answer((*facts, said(text, first.segment, second.segment)), value=value, unit=first.unit)


def _ratio(a: Fact, b: Fact) -> Decimal | None:
    if a.unit is None or b.unit is None:
        return Decimal(1) if a.unit is b.unit else None
    if a.unit == b.unit:
        return Decimal(1)
    return factor(a.unit, b.unit)


def _pick(question: str, a: str, b: str, first: Fact, second: Fact, other: Decimal, facts: list[Line]) -> Answer:
    name_a, name_b = a.strip(), b.strip()
    texts = f"{name_a}: {amount(first.value, first.unit)}; {name_b}: {amount(second.value, second.unit)}"
    if first.value == other:
        return Answer((*facts, Line(f"Both are the same. {texts}.")))
    wants_less = _SMALLER.search(question) is not None
    winner = name_a if (first.value < other) == wants_less else name_b
    return Answer((*facts, Line(f"{winner[:1].upper()}{winner[1:]}. {texts}.")))


def _candidates(phrase: str, rival: str, common: set[str], evidence: Evidence) -> list[tuple[Fact, float]]:
    """Facts whose label names the phrase, scored; the rival's words count against them."""
    names = {canon(t) for t in tokens(phrase) if t not in STOPWORDS} - common or set(content(phrase))
    against = set(content(rival)) - set(content(phrase))
    found: list[tuple[Fact, float]] = []
    for scored in evidence.rank(f"{phrase} {' '.join(common)}")[:30]:
        for fact in find_facts(scored.segment):
            label = fact.label | (scored.segment.around if scored.segment.cells else frozenset())
            own, wide = len(names & label), len(names & (scored.segment.words | scored.segment.around))
            if not own and not wide:
                continue
            clause = {canon(t) for t in tokens(fact.clause)}
            score = (
                2 * own / len(names)
                + 0.7 * wide / len(names)
                + len(common & label) * 0.6
                - len(against & fact.label) * (0.8 if not names & fact.label else 0.3)
            )
            score += 0.3 * len(common & clause) + _closeness(fact, names, against)
            found.append((fact, score))
    return sorted(found, key=lambda f: -f[1])[:6]


def _closeness(fact: Fact, names: set[str], against: set[str]) -> float:
    """Positive when the phrase stands nearer to the number than the rival does."""
    text = fact.clause
    at = text.find(numerals.plain(fact.value)[:3])
    places = {w: m.start() for m in re.finditer(r"[^\W_]+", text) for w in [canon(m.group().lower())]}
    mine = [abs(places[w] - at) for w in names if w in places]
    theirs = [abs(places[w] - at) for w in against if w in places]
    if not mine or not theirs:
        return 0.0
    return 0.5 if min(mine) < min(theirs) else -0.5


def _lost(a: str, b: str, evidence: Evidence) -> Answer | None:
    lost = [p.strip() for p in (a, b) if not any(s.score >= 0.5 for s in evidence.rank(p))]
    if not lost or len(lost) == 2:
        return None
    return missing(f"No figure found for {' or '.join(f'“{p}”' for p in lost)}, so the two cannot be compared.")
