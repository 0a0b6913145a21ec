"""Quantities in running text: a number, its unit, and what it is per (``37 euros a metre and day``)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import blank_dates
from llm.providers.rehearsal.language.units import ADVERBS, COMPOUND, MULTIWORD, Unit, count_unit, known_unit
from llm.providers.rehearsal.language.words import NUMBER_WORDS, STOPWORDS, number_from_words, singular


@dataclass(frozen=True, slots=True)
class Per:
    """One thing a rate is per: ``amount`` of ``unit`` (100 kilometres in ``6 litres per 100 km``)."""

    unit: Unit
    amount: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value`` ``unit`` per every one of ``per``, standing at ``start``..``end`` of its text.

    ``noun`` is the whole counted phrase (``double rooms``). ``low`` and ``high`` mark a bound (``up to 180 metres``) instead
    of an amount.
    """

    value: Decimal
    unit: Unit | None
    start: int
    end: int
    per: tuple[Per, ...] = ()
    noun: str = ""
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def is_bound(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def is_money(self) -> bool:
        return self.unit is not None and self.unit.is_money

    @property
    def is_percent(self) -> bool:
        return self.unit is not None and self.unit.dimension == "share"


MAX_QUANTITIES = 60
"""More numbers in one text than this are no sentence about amounts."""
_SYMBOL = r"(?:US\$|R\$|[€$£¥₹₩₺])"
_CODE = r"(?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|INR|CAD|AUD|CNY|ZAR|BRL)"
_BEFORE = re.compile(rf"(?P<money>{_SYMBOL}|\b{_CODE}|\bRs\.?)\s?$")
_SCALE = re.compile(r"\s?(?P<scale>thousand|million|billion|bn|mio|k)\b", re.IGNORECASE)
_SCALES = {"thousand": 10**3, "k": 10**3, "million": 10**6, "mio": 10**6, "billion": 10**9, "bn": 10**9}
_WORD = re.compile(r"[\s-]?(?P<word>[^\W\d_][^\W_]*[²³]?|°[CFcf]|[€$£¥%¢₹])")
_PER = re.compile(
    r"[\s,]{0,2}(?:body\s?weight\s|weight\s)?\(?(?:/\s?|(?:per|for\s(?:each|every)|each|every|a|an|pro)\s)(?:(?P<n>\d+(?:[.,]\d+)?)\s?)?(?=[^\W\d_])",
    re.IGNORECASE,
)
_ALSO = re.compile(r"\s?(?:and\s+(?:per\s+|an?\s+)?|[·*]\s?|&\s?)(?=[^\W\d_])", re.IGNORECASE)
_UPPER = re.compile(
    r"(?:up to|at most|max(?:imum|\.)?(?: of)?|under|below|(?:less|fewer|shorter|lighter|smaller) than|no more than|not exceeding|≤|<)\s*(?:an?\s|the\s)?[€$£]?$",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"(?:over|above|(?:more|longer|larger|bigger|heavier|older|greater) than|at least|min(?:imum|\.)?(?: of)?|exceeding|beyond|from|starting (?:at|from)|≥|>)\s*(?:an?\s|the\s)?[€$£]?$",
    re.IGNORECASE,
)
_OR_MORE = re.compile(
    r"\s*(?:or (?:more|longer|over|above|larger|older)|and (?:more|over|above|longer|older|up)|\+(?!\s?\d)|upwards)",
    re.IGNORECASE,
)
_OR_LESS = re.compile(r"\s*(?:or (?:less|fewer|under|below|shorter|younger)|and (?:under|below))", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:-|–|—|to|and)\s?$")
_OF_WHAT = re.compile(r"\sof\s(?:[^\W\d_]+\s?){1,2}?(?=\s?(?:per|/|an?|each|every)\b)")
_COMPOUND = re.compile(rf"\s?(?P<unit>{'|'.join(map(re.escape, COMPOUND))})\b", re.IGNORECASE)
_NOT_NOUNS = STOPWORDS | frozenset(
    [
        "plus",
        "minus",
        "times",
        "divided",
        "cost",
        "costs",
        "costing",
        "paid",
        "pay",
        "pays",
        "stay",
        "stays",
        "long",
        "wide",
        "high",
        "deep",
        "tall",
        "old",
        "away",
        "off",
        "extra",
        "more",
        "less",
        "fewer",
        "including",
        "excluding",
        "until",
        "per",
        "each",
        "every",
        "added",
        "discount",
        "vat",
        "tax",
        "later",
        "earlier",
        "ago",
        "east",
        "west",
        "north",
        "south",
        "cheaper",
        "longer",
        "now",
        "today",
        "net",
        "gross",
        "x",
        "if",
        "while",
        "whereas",
        "reduction",
        "altogether",
        "total",
        "instead",
        "open",
        "opens",
        "closed",
    ]
)


def find_quantities(text: str, *, articles: bool = False) -> list[Quantity]:
    """All quantities in reading order. With ``articles``, ``a week`` counts as one week."""
    plain = blank_dates(text)
    found: list[Quantity] = []
    for start, end, value, is_word in _numbers(plain)[:MAX_QUANTITIES]:
        if found and start < found[-1].end:
            continue
        quantity = _quantity(plain, start, end, value, is_word)
        if quantity is not None:
            found.append(quantity)
    found = [_with_range(plain, found, i) for i in range(len(found))]
    return sorted(found + (_articles(plain, found) if articles else []), key=lambda q: q.start)


def _numbers(text: str) -> list[tuple[int, int, str | Decimal, bool]]:
    found: list[tuple[int, int, str | Decimal, bool]] = []
    for match in numerals.NUMERAL.finditer(text):
        before = text[max(0, match.start() - 2) : match.start()]
        if before[-1:].isalpha() or (before[-1:] in "._#" and before[-1:]) or text[match.end() : match.end() + 1] == "_":
            continue
        found.append((match.start(), match.end(), match.group(), False))
    for match in NUMBER_WORDS.finditer(text):
        value = number_from_words(match.group())
        if value is not None and not _idle_one(text, match):
            found.append((match.start(), match.end(), value, True))
    return sorted(found, key=lambda n: n[0])


def _idle_one(text: str, match: re.Match[str]) -> bool:
    if match.group().lower() != "one":
        return False
    after = text[match.end() : match.end() + 8].split()[:1]
    before = text[max(0, match.start() - 8) : match.start()].lower().split()[-1:]
    return after in ([], ["of"], ["who"], ["that"], ["can"], ["is"]) or before in (
        ["no"],
        ["which"],
        ["this"],
        ["that"],
        ["any"],
        ["every"],
        ["the"],
    )


def _quantity(text: str, start: int, end: int, raw: str | Decimal, is_word: bool) -> Quantity | None:
    before = _BEFORE.search(text, max(0, start - 5), start)
    scale = _SCALE.match(text, end)
    end = scale.end() if scale else end
    unit, noun, per, after = _unit(text, end)
    if before:
        unit_before = known_unit(before["money"].rstrip("."))
        per = per if unit is None or per else ()
        unit, noun, after = unit_before, "", after if per and unit is None else end
        start = before.start()
        per, after = _pers(text, after) if not per else (per, after)
    money = unit is not None and unit.is_money
    value = numerals.parse(raw, money=money and not per) if isinstance(raw, str) else raw
    value *= _SCALES[scale["scale"].lower()] if scale else 1
    if re.search(r"(?:^|[\s(=:])[-−]$", text[max(0, start - 2) : start]) and not re.search(
        r"\d\s?[-−]$", text[max(0, start - 4) : start]
    ):
        value = -value
    quantity = Quantity(value, unit, start, after, per, noun)
    return _with_bound(text, quantity)


def _unit(text: str, at: int) -> tuple[Unit | None, str, tuple[Per, ...], int]:
    if compound := _COMPOUND.match(text, at):
        top, bottom = COMPOUND[compound["unit"].lower()]
        return (
            known_unit(top) or count_unit(top),
            compound["unit"],
            (Per(known_unit(bottom) or count_unit(bottom)),),
            compound.end(),
        )
    unit, noun, end = _noun(text, at)
    if unit is None:
        return None, "", *_pers(text, at)
    per, after = _pers(text, end)
    if not per and unit.dimension not in ("money", "count") and (of_what := _OF_WHAT.match(text, end)):
        per, after = _pers(text, of_what.end())
        after = after if per else end
    return unit, noun, per, after


def _noun(text: str, at: int) -> tuple[Unit | None, str, int]:
    for spelling in MULTIWORD:
        head = text[at : at + len(spelling) + 1]
        if head.lower() == " " + spelling:
            return known_unit(spelling), spelling, at + len(head)
    words: list[str] = []
    end = at
    while len(words) < 4 and (match := _WORD.match(text, end)):
        word = match["word"]
        unit = known_unit(word)
        if unit and not (word.lower() in ("in", "a", "s", "fr") and not _glued(text, end, match)):
            return unit, word, match.end()
        if word.lower() in _NOT_NOUNS or (words and text[end : end + 1] == "-"):
            break
        words.append(word)
        end = match.end()
    while words and len(words) > 1 and words[-1].endswith(("ed", "ing", "ly")):
        end = text.rfind(words.pop(), at, end)
    return (count_unit(_head(words)), " ".join(words), end) if words else (None, "", at)


def _head(words: list[str]) -> str:
    """The counted noun: the first plural, else the first word when a verb may follow, else the last."""
    return next(
        (w for w in words if singular(w.lower()) != w.lower() and w.lower().endswith(("s", "ren", "ple", "men"))), words[-1]
    )


def _glued(text: str, at: int, match: re.Match[str]) -> bool:
    return match.start("word") == at or not text[match.end() : match.end() + 2].strip(" ").isalpha()


_ADVERB = re.compile(rf"\s?\(?(?P<adverb>{'|'.join(ADVERBS)})\b", re.IGNORECASE)


def _pers(text: str, at: int) -> tuple[tuple[Per, ...], int]:
    """The ``per ... and ...`` behind a number; where there is none, nothing and ``at``."""
    found: list[Per] = []
    end = at
    while len(found) < 4:
        per, after = _next_per(text, end, first=not found)
        if per is None:
            break
        found.append(per)
        end = after
    if tail := _ADVERB.match(text, end):
        found.append(Per(known_unit(ADVERBS[tail["adverb"].lower()]) or count_unit("day")))
        end = tail.end()
    return tuple(found), end


def _next_per(text: str, at: int, *, first: bool) -> tuple[Per | None, int]:
    match = _PER.match(text, at)
    if match is None:
        also = None if first else _ALSO.match(text, at)
        unit, _, end = _also(text, also.end()) if also else (None, "", at)
    elif match["n"]:
        unit, _, end = _noun(text, match.end())
    else:
        unit, _, end = _one_noun(text, match.end())
    if unit is None or unit.is_money:
        return None, at
    return Per(unit, numerals.parse(match["n"]) if match and match["n"] else Decimal(1)), end


def _also(text: str, at: int) -> tuple[Unit | None, str, int]:
    unit, noun, end = _one_noun(text, at)
    plural = noun.lower().endswith("s") and unit is not None and unit.dimension == "count"
    return (None, "", at) if unit is None or plural or noun.lower() in _NOT_NOUNS else (unit, noun, end)


def _one_noun(text: str, at: int) -> tuple[Unit | None, str, int]:
    """The noun behind ``per``: a known unit, else up to two words where the second is the head (``per started hour``)."""
    for spelling in MULTIWORD:
        if text[at : at + len(spelling)].lower() == spelling:
            return known_unit(spelling), spelling, at + len(spelling)
    first = re.compile(r"\s?(?P<word>[^\W\d_]+[²³23]?)").match(text, at)
    if first is None or first["word"].lower() in STOPWORDS:
        return None, "", at
    if unit := known_unit(first["word"]):
        return unit, first["word"], first.end()
    second = re.compile(r"\s(?P<word>[^\W\d_]+)").match(text, first.end())
    if second and (unit := known_unit(second["word"])) and not unit.is_money and len(second["word"]) > 2:
        return unit, second["word"], second.end()
    return count_unit(first["word"]), first["word"], first.end()


def _with_bound(text: str, q: Quantity) -> Quantity:
    before = text[max(0, q.start - 24) : q.start]
    after = text[q.end : q.end + 14]
    low = q.value if _LOWER.search(before) or _OR_MORE.match(after) else None
    high = q.value if _UPPER.search(before) or _OR_LESS.match(after) else None
    if q.is_money and not (_UPPER.search(before) or _OR_LESS.match(after)):
        low = None
    return Quantity(q.value, q.unit, q.start, q.end, q.per, q.noun, low, high) if low is not None or high is not None else q


def _with_range(text: str, found: list[Quantity], i: int) -> Quantity:
    """``8-12 m`` and ``between 8 and 12 m``: the second number carries both bounds."""
    q = found[i]
    if i == 0 or q.is_money or q.per:
        return q
    first = found[i - 1]
    between = text[first.end : q.start]
    opens = re.search(r"\b(?:between|from)\s$", text[max(0, first.start - 9) : first.start], re.IGNORECASE)
    joined = _RANGE.fullmatch(between) and (opens or between.strip() in ("-", "–", "—", "to"))
    if joined and (first.unit is None or first.unit == q.unit) and first.value < q.value:
        return Quantity(q.value, q.unit, first.start, q.end, q.per, q.noun, first.value, q.value)
    return q


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


def pers_named(text: str) -> tuple[Per, ...]:
    """What a label says a number is per: ``Price per kg and day`` or ``EUR/kWh`` or ``hourly wage``."""
    found: list[Per] = []
    for match in re.finditer(r"(?:\bper\b|(?<=\w)\s?/|\b(?:each|every)\b)", text.replace("_", " "), re.IGNORECASE):
        pers, _ = _pers(text.replace("_", " "), match.start())
        found += [p for p in pers if p not in found]
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ADVERBS and (unit := known_unit(ADVERBS[word])) and Per(unit) not in found:
            found.append(Per(unit))
    return tuple(found)
