"""Questions about time: days between events, deadlines, ages, how long until or since."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, missing, quoted
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import Found, find_dates
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.units import known_unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reading.evidence import Evidence, answer_kind
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reckoning.days import add_months, written
from llm.providers.rehearsal.reckoning.question import Means, Question

_SPAN = r"(?:days?|weeks?|months?|years?)"
_BETWEEN = re.compile(
    rf"\b(?:how many {_SPAN}|how much time|how long|number of {_SPAN}|{_SPAN}|time)\b[^?]{{0,60}}?\b(?P<how>between"
    rf"|from)\s+(?P<a>.{{2,160}}?)\s+(?:and|to|until|till)\s+(?P<b>.{{2,160}}?)\s*[?.]?$",
    re.IGNORECASE,
)
_PASS = re.compile(
    rf"\b(?:how many {_SPAN}|how long)\b\s+(?:after|before)\s+(?P<b>.{{2,120}}?)\s+(?:is|was|did|does|do|came"
    rf"|comes)\s+(?P<a>.{{2,120}}?)\s*[?.]?$",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    rf"\b(?:how many {_SPAN}|how long|{_SPAN})\b[^?]{{0,40}}?\b(?:until|till|to go (?:until|before)|left (?:until"
    rf"|before)|before|remain\w* (?:until|before|to))\s+(?P<a>.{{2,160}}?)\s*[?.]?$",
    re.IGNORECASE,
)
_SINCE = re.compile(
    rf"\b(?:how many {_SPAN}|how long)\b[^?]{{0,40}}?\b(?:since|ago(?: was| did| is)?)\s+(?P<a>.{{2,160}}?)\s*[?.]?$",
    re.IGNORECASE,
)
_SHIFT = re.compile(
    r"\b(?P<n>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|fourteen|thirty|sixty|ninety)\s+(?P<unit>days?"
    r"|weeks?|months?|years?)\s+(?P<way>after|before|from|following|prior to|past|later than"
    r"|of)\s+(?P<a>.{2,160}?)\s*(?=[?.!,;]|$)",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\bhow old (?:is|are|was|were)\s+(?P<a>.{2,100}?)(?:\s+(?:when|in|at|on|by)\s+(?P<b>.{2,120}?))?\s*[?.]?$"
    r"|\bwhat(?: is|'s) the age of\s+(?P<c>.{2,100}?)\s*[?.]?$",
    re.IGNORECASE,
)
_TODAY = re.compile(r"^(?:today|now|right now|this day)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dated:
    """A day and where it stands: a segment, or the question itself (``None``)."""

    day: date
    segment: Segment | None


@dataclass(slots=True)
class Clock:
    """What questions about time need: the evidence, and the calculator and today's date."""

    evidence: Evidence
    means: Means

    def answer(self, question: str) -> Answer | None:
        """The answer, or ``None`` when it is no question about time or nothing dated was found."""
        text = question.strip()
        if match := _BETWEEN.search(text) or _PASS.search(text):
            return self._span(match["a"], match["b"], text)
        if match := _SINCE.search(text):
            return self._span(match["a"], "today", text)
        if match := _SHIFT.search(text):
            return self._shift(match, None)
        if match := _UNTIL.search(text):
            return self._span("today", match["a"], text)
        if match := _AGE.search(text):
            return self._age(match["a"] or match["c"], match["b"])
        return None

    def locate(self, phrase: str, skip: Segment | None = None) -> Dated | None:
        """The date a phrase gives or names: ``today``, ``2026-03-01``, ``the kickoff``."""
        if _TODAY.match(phrase.strip()):
            return Dated(self.means.today(), None)
        if found := find_dates(phrase):
            return Dated(found[0].day, None)
        for scored in self.evidence.rank(phrase):
            if scored.segment is skip or scored.score < 0.3:
                continue
            if dates := find_dates(scored.segment.text):
                return Dated(_nearest(scored.segment.text, dates, phrase), scored.segment)
        return None

    def _span(self, a: str, b: str, question: str) -> Answer | None:
        first, second = self.locate(a), self.locate(b)
        if first is None or second is None:
            lost = [p.strip() for p, d in ((a, first), (b, second)) if d is None]
            known = [d.segment for d in (first, second) if d is not None and d.segment is not None]
            if first is None and second is None:
                return None
            return missing(
                f"No date found for {' or '.join(f'“{p}”' for p in lost)}, so the time between cannot be worked out.",
                *map(quoted, known),
            )
        early, late = sorted((first, second), key=lambda d: d.day)
        expression = f"{late.day} - {early.day}"
        days = numerals.first_number(self.means.calculate(expression).strip()) or Decimal(0)
        return _spanned(days, expression, early, late, question)

    def _shift(self, match: re.Match[str], skip: Segment | None) -> Answer | None:
        anchor = self.locate(re.sub(r"^(?:the|this|its|a|an)\s", "", match["a"], flags=re.IGNORECASE), skip)
        count = find_quantities(f"{match['n']} {match['unit']}", articles=True)
        if anchor is None or not count:
            return None
        back = match["way"].lower() in ("before", "prior to")
        number, unit = int(count[0].value), match["unit"].lower().rstrip("s")
        if unit in ("month", "year"):
            day = add_months(anchor.day, (number * 12 if unit == "year" else number) * (-1 if back else 1))
            working = f"{anchor.day} {'-' if back else '+'} {match['n']} {match['unit']} = {day}"
        else:
            expression = f"{anchor.day} {'-' if back else '+'} {number * 7 if unit == 'week' else number} days"
            shown = find_dates(self.means.calculate(expression))
            day = shown[-1].day if shown else anchor.day
            working = f"{expression} = {day}"
        segments = [s for s in (anchor.segment, skip) if s is not None]
        return Answer((*map(quoted, segments), Line(f"{written(day)}: {working}.")))

    def deadline(self, segment: Segment) -> Answer | None:
        """``within 30 days after signing`` in a document, made a date by the date of the signing elsewhere."""
        if find_dates(segment.text):
            return None
        match = _SHIFT.search(segment.text)
        return self._shift(match, segment) if match else None

    def _age(self, who: str, when: str | None) -> Answer | None:
        birth = self._birth(who)
        if birth is None:
            return None
        then = self.locate(when or "today")
        if then is None:
            return None
        born, at = birth.day, then.day
        short = (at.month, at.day) < (born.month, born.day)
        expression = f"{at.year} - {born.year}" + (" - 1" if short else "")
        years = numerals.first_number(self.means.calculate(expression)) or Decimal(0)
        segments = [d.segment for d in (birth, then) if d.segment is not None]
        return Answer(
            (
                *map(quoted, segments),
                Line(f"{numerals.show(years)} years: from {born} to {at}, {expression} = {numerals.show(years)}."),
            ),
            value=years,
        )

    def _birth(self, who: str) -> Dated | None:
        wanted = {canon(t) for t in tokens(who) if t not in STOPWORDS}
        for scored in self.evidence.rank(f"{who} born birth founded built opened"):
            has = wanted & (scored.segment.words | scored.segment.around)
            if (
                has
                and re.search(
                    r"\b(?:born|birth\w*|founded|built|established|opened|since|first)\b", scored.segment.text, re.IGNORECASE
                )
                and (dates := find_dates(scored.segment.text))
            ):
                return Dated(dates[0].day, scored.segment)
        return None


def _nearest(text: str, dates: list[Found], phrase: str) -> date:
    """Of several dates in a sentence, the one that stands closest to the phrase's words."""
    words = {canon(t) for t in tokens(phrase) if t not in STOPWORDS}
    places = [m.start() for m in re.finditer(r"[^\W_]+", text) if canon(m.group().lower()) in words]
    if not places or len(dates) == 1:
        return dates[0].day
    return min(
        dates,
        key=lambda d: min(
            abs(d.start - p) + (8 if re.search(r"[,;]", text[min(p, d.start) : max(p, d.start)]) else 0) for p in places
        ),
    ).day


def _spanned(days: Decimal, expression: str, early: Dated, late: Dated, question: str) -> Answer:
    segments = list(dict.fromkeys(d.segment for d in (early, late) if d.segment is not None))
    text = f"{numerals.show(days)} day{'' if abs(days) == 1 else 's'}: {expression} = {numerals.show(days)} days"
    if re.search(r"\bweeks?\b", question, re.IGNORECASE):
        text += f", which is {numerals.show(days / 7)} weeks"
    elif re.search(r"\b(?:months|years)\b", question, re.IGNORECASE):
        months = (late.day.year - early.day.year) * 12 + late.day.month - early.day.month - (late.day.day < early.day.day)
        text += (
            f", which is {months // 12} years and {months % 12} months" if months >= 12 else f", which is {months} full months"
        )
    return Answer((*map(quoted, segments), Line(text + ".")), value=days, unit=known_unit("day"))


def answer_dates(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """Days between, dates before and after, ages, weekdays."""
    clock = Clock(evidence, means)
    return weekday_of(question, clock) or clock.answer(question.full)


_WEEKDAY = re.compile(
    r"\b(?:what|which|on what|on which)\s+(?:day(?:\s+of\s+the\s+week)?|weekday)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)


def weekday_of(question: Question, clock: Clock) -> Answer | None:
    """The day of the week of a date given, or of what a document dates."""
    match = _WEEKDAY.search(question.full)
    if match is None:
        return None
    named = find_dates(question.full)
    if not named and not re.search(r"weekday|day of the week", match.group(), re.IGNORECASE):
        return None
    phrase = re.sub(r"^\W*(?:is|was|will|does|did|do|are|falls?)\b", "", match["rest"].strip())
    dated = Dated(named[0].day, None) if named else clock.locate(phrase)
    if dated is None:
        return None
    quotes = [quoted(dated.segment)] if dated.segment else []
    return Answer((*quotes, Line(f"{dated.day.isoformat()} is a {dated.day:%A}.")))


def deadline_of(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """``within 30 days after signing``, made a date where a document dates the signing."""
    if answer_kind(question.text) != "when":
        return None
    best = next(iter(evidence.rank(question.text)), None)
    return Clock(evidence, means).deadline(best.segment) if best is not None and best.answers else None
