"""Quantities in running text: a number, its unit, and what it is per (``37 euros a metre and day``)."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.bounds import with_bound, with_range
from llm.providers.rehearsal.language.dates import blank_dates
from llm.providers.rehearsal.language.number_words import NUMBER_WORDS, number_from_words
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.rates import read_pers, read_unit
from llm.providers.rehearsal.language.units import factor, known_unit

MAX_QUANTITIES = 60
"""More numbers in one text than this are no sentence about amounts."""
_SYMBOL = r"(?:US\$|R\$|[€$£¥₹₩₺])"
_CODE = r"(?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|HUF|INR|CAD|AUD|NZD|CNY|ZAR|BRL|KES)"
_BEFORE = re.compile(rf"(?P<money>{_SYMBOL}|\b{_CODE}|\bRs\.?)\s?$")
_SCALE = re.compile(r"\s?(?P<scale>thousand|million|billion|bn|mio|m(?=\s?(?:euros?|dollars?|pounds?)\b)|k)\b", re.IGNORECASE)
_SCALES = {
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "mio": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "bn": 10**9,
}


def find_quantities(text: str, *, articles: bool = False) -> list[Quantity]:
    """All quantities in reading order. With ``articles``, ``a week`` counts as one week."""
    return list(_quantities(text, articles))


@lru_cache(maxsize=4096)
def _quantities(text: str, articles: bool) -> tuple[Quantity, ...]:
    plain = blank_dates(text)
    found: list[Quantity] = []
    for start, end, value in _numbers(plain)[:MAX_QUANTITIES]:
        if not found or start >= found[-1].end:
            found.append(_quantity(plain, start, end, value))
    found = [with_range(plain, found, i) for i in range(len(found))]
    in_range = {after.start for after in found if after.low is not None and after.high is not None}
    found = [q for q in found if q.is_bound or q.start not in in_range]
    found = _joined(plain, found)
    return tuple(sorted(found + (_articles(plain, found) if articles else []), key=lambda q: q.start))


def _numbers(text: str) -> list[tuple[int, int, str | Decimal]]:
    found: list[tuple[int, int, str | Decimal]] = []
    for match in numerals.NUMERAL.finditer(text):
        before = text[max(0, match.start() - 1) : match.start()]
        if not (before.isalpha() or before in tuple("._#") or text[match.end() : match.end() + 1] == "_"):
            found.append((match.start(), match.end(), match.group()))
    for match in NUMBER_WORDS.finditer(text):
        value = number_from_words(match.group())
        if value is not None and not _idle_one(text, match):
            found.append((match.start(), match.end(), value))
    return sorted(found, key=lambda n: n[0])


_IDLE_AFTER = frozenset("of who that can is".split())
_IDLE_BEFORE = frozenset("no which this that any every the".split())


def _idle_one(text: str, match: re.Match[str]) -> bool:
    """``one`` that counts nothing: ``no one``, ``the one that``."""
    if match.group().lower() != "one":
        return False
    after = text[match.end() : match.end() + 8].lower().split()[:1]
    before = text[max(0, match.start() - 8) : match.start()].lower().split()[-1:]
    return not after or after[0] in _IDLE_AFTER or bool(before and before[0] in _IDLE_BEFORE)


def _quantity(text: str, start: int, end: int, raw: str | Decimal) -> Quantity:
    before = _BEFORE.search(text, max(0, start - 5), start)
    scale = _SCALE.match(text, end)
    end = scale.end() if scale else end
    unit, noun, per, after = read_unit(text, end)
    if before:
        unit_before = known_unit(before["money"].rstrip("."))
        per = per if unit is None or per else ()
        unit, noun, after = unit_before, "", after if per and unit is None else end
        start = before.start()
        per, after = read_pers(text, after, of_money=True) if not per else (per, after)
    money = unit is not None and unit.is_money
    value = numerals.parse(raw, money=money and not per) if isinstance(raw, str) else raw
    value *= _SCALES[scale["scale"].lower()] if scale else 1
    if _is_negative(text, start):
        value = -value
    return with_bound(text, Quantity(value, unit, start, after, per, noun))


def _is_negative(text: str, start: int) -> bool:
    minus = re.search(r"(?:^|[\s(=:])[-−]$", text[max(0, start - 2) : start])
    return minus is not None and not re.search(r"\d\s?[-−]$", text[max(0, start - 4) : start])


def _joined(text: str, found: list[Quantity]) -> list[Quantity]:
    """``2 hours 40 minutes`` and ``5 feet 11 inches`` are one quantity, in the smaller unit."""
    joined: list[Quantity] = []
    for q in found:
        last = joined[-1] if joined else None
        ratio = factor(last.unit, q.unit) if last and last.unit and q.unit else None
        gap = text[last.end : q.start] if last else ""
        if (
            last
            and ratio is not None
            and ratio > 1
            and not (last.per or q.is_bound or q.value >= ratio or q.is_money)
            and re.fullmatch(r"\s?(?:and\s)?", gap)
        ):
            high = last.high * ratio + q.value if last.high is not None else None
            low = last.low * ratio + q.value if last.low is not None else None
            joined[-1] = replace(q, value=last.value * ratio + q.value, start=last.start, low=low, high=high)
        else:
            joined.append(q)
    return joined


_ARTICLE = re.compile(r"\b(?:an?|one)\s(?:(?:whole|full|single|entire)\s)?(?P<unit>[^\W\d_]+)", re.IGNORECASE)
_RATE_BEFORE = re.compile(
    r"(?:\d|[€$£]|\b(?:costs?|prices?|fees?|euros?|dollars?|pounds?|rates?|rent|times|much))\s?$", re.IGNORECASE
)


def _articles(text: str, found: list[Quantity]) -> list[Quantity]:
    more: list[Quantity] = []
    for match in _ARTICLE.finditer(text):
        unit = known_unit(match["unit"])
        taken = any(q.start < match.end() and match.start() < q.end for q in found)
        if unit is None or unit.is_money or taken or unit.dimension == "share" or len(match["unit"]) < 3:
            continue
        if not _RATE_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
            more.append(Quantity(Decimal(1), unit, match.start(), match.end(), (), match["unit"]))
    return more
