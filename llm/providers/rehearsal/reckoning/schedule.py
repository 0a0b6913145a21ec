"""Ends and deadlines: a date or a time of day, moved by how long something takes."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, quoted
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import find_dates, find_times
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.words import canon, content, tokens
from llm.providers.rehearsal.reading.evidence import Evidence, Scored
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reckoning.days import add_months, written
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.rules import clock

_WANTS_DATE = re.compile(
    r"""\b(?:when | (?:by|on|until|before|from)\s+(?:what|which|when)(?:\s+(?:date|day))? | (?:what|which)\s+(?:date|day)
        | until\s+when | (?:latest|earliest|last|first|due|expiry|end|closing)\s+(?:\w+\s+)?(?:date|day)
        | deadline | how\s+long\s+(?:do|can|may)\s+(?:i|we)\s+have)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_WANTS_END = re.compile(
    r"\b(?:ends?|ended|finish\w*|expires?|over|arriv\w+|land\w*|due|ready|done|complete[ds]?|run\s+out|return|back"
    r"|get\s+(?:there|to)|reach)\b",
    re.IGNORECASE,
)
_WANTS_TIME = re.compile(r"\b(?:when|(?:what|which)\s+time|how\s+late)\b", re.IGNORECASE)
_BACK = re.compile(r"\b(?:before|prior\s+to|in\s+advance|ahead\s+of)\b", re.IGNORECASE)
_WORKDAYS = re.compile(r"\b(?:working|business)\s+days?\b", re.IGNORECASE)


def reckon_end(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The date or time that follows from a start and a length of time; ``None`` when the question wants none."""
    return _deadline(question, evidence, means) or _end_date(question, evidence, means) or _end_time(question, evidence, means)


def end_as_given(question: Question, means: Means) -> Answer | None:
    """``I leave at 9:15 and drive 2 hours 40 minutes. When do I arrive?``: start and length are both in the goal."""
    text = question.told
    times, spans = find_times(text), _spans(text)
    if len(times) != 1 or len(spans) != 1 or not _WANTS_TIME.search(question.text):
        return None
    back = re.search(r"\b(?:leave|start|set\s+off|depart)\b", question.text, re.IGNORECASE) and re.search(
        r"\b(?:arrive|be\s+there|by)\b", text, re.IGNORECASE
    )
    if not (back or _WANTS_END.search(question.text)):
        return None
    return _moved_time(times[0], spans[0], -1 if back else 1, [], means)


def _deadline(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """A date in the question, and how long a document gives from (or before) it."""
    given = find_dates(question.told)
    if len(given) != 1 or not _WANTS_DATE.search(question.full):
        return None
    for scored in evidence.rank(_without_dates(question.told))[:8]:
        span = next(iter(_spans(scored.segment.text)), None)
        if span is not None and _is_about(question, scored) and not find_dates(scored.segment.text):
            back = _BACK.search(scored.segment.text[span.end :]) is not None
            return _moved_date(given[0].day, span, -1 if back else 1, [scored.segment], means)
    return None


def _is_about(question: Question, scored: Scored) -> bool:
    """Whether the sentence shares a telling word with the question, if only in what stands around it."""
    about = set(content(_without_dates(question.told)))
    return bool(about & scored.segment.words) and scored.score > 0


def _without_dates(text: str) -> str:
    for found in reversed(find_dates(text)):
        text = text[: found.start] + text[found.end :]
    return text


def _end_date(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The start in one sentence and the length in the same or another of the same passage."""
    if not (_WANTS_DATE.search(question.text) and _WANTS_END.search(question.text)):
        return None
    asked = {canon(t) for t in tokens(question.text)}
    found = _start_and_span(evidence.rank(question.text), asked, dated=True)
    if found is None:
        return None
    return _moved_date(found.day, found.span, 1, found.segments, means)


def _end_time(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    if not (_WANTS_TIME.search(question.text) and _WANTS_END.search(question.text)):
        return None
    if given := find_times(question.told):
        spans = [(span, s.segment) for s in evidence.rank(question.told)[:4] for span in _spans(s.segment.text)[:1]]
        return _moved_time(given[0], spans[0][0], 1, [spans[0][1]], means) if len(given) == 1 and spans else None
    found = _start_and_span(evidence.rank(question.full), {canon(t) for t in tokens(question.full)}, dated=False)
    return _moved_time(found.time, found.span, 1, found.segments, means) if found else None


@dataclass(frozen=True, slots=True)
class _Course:
    """When something starts (``day`` or ``time``) and how long it takes."""

    span: Quantity
    segments: list[Segment]
    day: date = date.min
    time: Decimal = Decimal(0)


def _start_and_span(ranked: list[Scored], asked: set[str], *, dated: bool) -> _Course | None:
    best = [s for s in ranked[:6] if s.score >= 0.25]
    ends = {canon(w) for w in ("end", "finish", "arrive", "land", "expire", "return", "back")} & asked
    if any(s.segment.words & ends and (find_dates(s.segment.text) or find_times(s.segment.text)) for s in best):
        return None  # the end itself is told
    spans = [(span, s.segment) for s in best for span in _spans(s.segment.text)[:1]]
    for scored in best:
        text = scored.segment.text
        starts = find_dates(text) if dated else find_times(text)
        mates = [(span, seg) for span, seg in spans if seg.passage.source == scored.segment.passage.source]
        if len(starts) != 1 or not mates:
            continue
        span, other = next((m for m in mates if m[1] is scored.segment), mates[0])
        segments = [scored.segment] if other is scored.segment else [scored.segment, other]
        if dated:
            return _Course(span, segments, day=find_dates(text)[0].day)
        return _Course(span, segments, time=find_times(text)[0])
    return None


def _spans(text: str) -> list[Quantity]:
    """Lengths of time in a text: ``14 days``, ``three years``, ``1 hour 20 minutes``; no rates, no intervals, no ages."""
    found = []
    for q in find_quantities(text, articles=True):
        timely = q.unit is not None and q.unit.dimension in ("time", "months") and not q.per
        before, after = text[max(0, q.start - 7) : q.start].lower(), text[q.end : q.end + 5].lower()
        if timely and not before.endswith(("every ", "per ", "each ")) and not after.startswith((" old", "-old")):
            found.append(q)
    return found


def _moved_date(start: date, span: Quantity, way: int, segments: list[Segment], means: Means) -> Answer | None:
    unit = span.unit.name if span.unit else ""
    number = int(span.value)
    if number != span.value or unit not in ("day", "week", "month", "year", "quarter", "night"):
        return None
    text = " ".join(s.text for s in segments)
    sign, many = ("+" if way > 0 else "-"), f"{number} {unit}{'' if number == 1 else 's'}"
    if _WORKDAYS.search(text):
        day, note = _workdays(start, number * way), f"{start} {sign} {number} working days, holidays not reckoned in"
    elif unit in ("month", "year", "quarter"):
        day = add_months(start, way * number * {"month": 1, "quarter": 3, "year": 12}[unit])
        note = f"{start} {sign} {many}"
    else:
        expression = f"{start} {sign} {number * 7 if unit == 'week' else number} days"
        shown = find_dates(means.calculate(expression))
        day, note = (shown[-1].day if shown else start), f"{start} {sign} {many}"
    line = Line(f"{written(day)}: {note}.")
    return Answer((*map(quoted, segments), line))


def _workdays(start: date, count: int) -> date:
    day, step = start, 1 if count > 0 else -1
    left = abs(count)
    while left:
        day += timedelta(days=step)
        left -= day.weekday() < 5
    return day


def _moved_time(start: Decimal, span: Quantity, way: int, segments: list[Segment], means: Means) -> Answer | None:
    if span.unit is None or span.unit.dimension != "time" or span.unit.size > 86400:
        return None
    minutes = span.value * span.unit.size / 60
    expression = f"{numerals.plain(start)} {'+' if way > 0 else '-'} {numerals.plain(minutes)}"
    value = numerals.first_number(means.calculate(expression))
    if value is None:
        return None
    late = " the next day" if value >= 1440 else " the day before" if value < 0 else ""
    sign = "+" if way > 0 else "-"
    text = f"{clock(value)}{late}: {clock(start)} {sign} {numerals.show(minutes)} minutes."
    return Answer((*map(quoted, segments), Line(text)))
