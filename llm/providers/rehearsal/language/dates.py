"""Dates and times of day in running text."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May)|may(?!\s+[a-z])|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FORMS = (
    re.compile(r"(?<![\d.-])(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d-])"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?\s(?:of\s)?(?P<m>{_MONTH})\.?,?\s(?P<y>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"\b(?P<m>{_MONTH})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})\b", re.IGNORECASE),
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<![\d/])(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})(?![\d/])"),
)
_YEARLESS = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:of\s)?{_MONTH}|{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?)\b", re.IGNORECASE
)
_TIME = re.compile(
    r"\b(?P<h>[01]?\d|2[0-4])[:.h](?P<m>[0-5]\d)(?!\d)(?:\s?(?P<p>[ap])\.?m\b\.?)?|\b(?P<h2>1[0-2]"
    r"|[1-9])\s?(?P<p2>[ap])\.?m\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text, from ``start`` up to ``end``."""

    start: int
    end: int
    day: date


def find_dates(text: str) -> list[Found]:
    """All full dates in reading order. ``1/2/2026`` is read day first unless only month first is possible."""
    found: list[Found] = []
    for form in _FORMS:
        for match in form.finditer(text):
            day = _day(match["y"], match["m"], match["d"])
            if day and not any(f.start < match.end() and match.start() < f.end for f in found):
                found.append(Found(match.start(), match.end(), day))
    return sorted(found, key=lambda f: f.start)


def _day(year: str, month: str, day: str) -> date | None:
    m = int(month) if month.isdigit() else next(i for i, name in enumerate(MONTHS, 1) if name.startswith(month[:3].lower()))
    for mm, dd in ((m, int(day)), (int(day), m)):
        try:
            return date(int(year), mm, dd)
        except ValueError:
            continue
    return None


def blank_dates(text: str) -> str:
    """The text with dates and clock times replaced by spaces, so that their digits are not taken for quantities."""
    spans = [(f.start, f.end) for f in find_dates(text)]
    spans += [m.span() for m in _YEARLESS.finditer(text)]
    spans += [m.span() for m in _TIME.finditer(text) if ":" in m.group() or m["p"] or m["p2"]]
    letters = list(text)
    for start, end in spans:
        letters[start:end] = " " * (end - start)
    return "".join(letters)


def has_when(text: str) -> bool:
    """Whether the text names a date, a year, a weekday or a time of day."""
    return bool(
        find_dates(text)
        or _YEARLESS.search(text)
        or find_times(text)
        or re.search(
            rf"\b(?:1[5-9]|20)\d\d\b|\b{_MONTH}\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
            r"|\b\d{1,2}(?:st|nd|rd|th)\b|\b(?:noon|midnight|o'clock|daily)\b|\b\d+\s+(?:days?|weeks?|months?|hours?)\b",
            text,
            re.IGNORECASE,
        )
    )


def find_times(text: str) -> list[Decimal]:
    """Clock times as minutes since midnight, in reading order; dotted times only when they cannot be numbers."""
    return [_minutes(m) for m in _TIME.finditer(text) if ":" in m.group() or m["p"] or m["p2"] or "h" in m.group()]


def _minutes(match: re.Match[str]) -> Decimal:
    hour, minute = int(match["h"] or match["h2"]), int(match["m"] or 0)
    half = (match["p"] or match["p2"] or "").lower()
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    return Decimal(hour * 60 + minute)
