"""What stands behind a number: its unit or counted noun, and what it is per."""

import re
from decimal import Decimal

from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.quantity import Per
from llm.providers.rehearsal.language.units import ADVERBS, COMPOUND, MULTIWORD, Unit, count_unit, known_unit
from llm.providers.rehearsal.language.words import STOPWORDS, singular

_WORD = re.compile(r"[\s-]?(?P<word>[^\W\d_][^\W_]*[²³]?|°[CFcf]|[€$£¥%¢₹])")
_PER = re.compile(
    r"[\s,]{0,2}(?:body\s?weight\s|weight\s|gross\s|net\s|each\s(?=per\s)|before tax\s|(?:excl|incl|plus|excluding"
    r"|including)\.?\sVAT\s)?\(?(?:/\s?|(?:per|for\s(?:each|every)|each|every|a|an"
    r"|pro)\s)(?:(?P<n>\d+(?:[.,]\d+)?)\s?)?(?=[^\W\d_])",
    re.IGNORECASE,
)
_ALSO = re.compile(r"\s?(?:and\s+(?:per\s+|an?\s+)?|[·*]\s?|&\s?)(?=[^\W\d_])", re.IGNORECASE)
_OF_WHAT = re.compile(r"\sof\s(?:[^\W\d_]+\s?){1,2}?(?=\s?(?:per|/|an?|each|every)\b)")
_COMPOUND = re.compile(rf"\s?(?P<unit>{'|'.join(map(re.escape, COMPOUND))})\b", re.IGNORECASE)
_NOT_NOUNS = STOPWORDS | frozenset(
    """
    plus minus times divided cost costs costing paid pay pays stay stays long wide high deep tall old away off extra
    more less fewer including excluding until per each every added discount vat tax later earlier ago east west north
    south cheaper longer now today net gross x if while whereas reduction altogether total instead open opens closed
""".split()
)


def read_unit(text: str, at: int) -> tuple[Unit | None, str, tuple[Per, ...], int]:
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
        return None, "", *read_pers(text, at)
    per, after = read_pers(text, end, of_money=unit.is_money)
    if not per and unit.dimension not in ("money", "count") and (of_what := _OF_WHAT.match(text, end)):
        per, after = read_pers(text, of_what.end())
        after = after if per else end
    return unit, noun, per, after


_MORE = frozenset(("extra", "additional", "further"))


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
        if not words and word.lower() in _MORE and _WORD.match(text, match.end()):
            end = match.end()
            continue
        if word.lower() in _NOT_NOUNS or (words and text[end : end + 1] == "-"):
            break
        words.append(word)
        end = match.end()
    while words and len(words) > 1 and words[-1].endswith(("ed", "ing", "ly")):
        end = text.rfind(words.pop(), at, end)
    return (count_unit(head_noun(words)), " ".join(words), end) if words else (None, "", at)


def head_noun(words: list[str]) -> str:
    """The counted noun: the first plural, else the first word when a verb may follow, else the last."""
    return next(
        (w for w in words if singular(w.lower()) != w.lower() and w.lower().endswith(("s", "ren", "ple", "men"))), words[-1]
    )


def _glued(text: str, at: int, match: re.Match[str]) -> bool:
    return match.start("word") == at or not text[match.end() : match.end() + 2].strip(" ").isalpha()


_ADVERB = re.compile(rf"\s?\(?(?P<adverb>{'|'.join(ADVERBS)})\b", re.IGNORECASE)


def read_pers(text: str, at: int, *, of_money: bool = False) -> tuple[tuple[Per, ...], int]:
    """The ``per ... and ...`` behind a number; where there is none, nothing and ``at``. Only money is per other money."""
    found: list[Per] = []
    end = at
    while len(found) < 4:
        per, after = _next_per(text, end, first=not found, of_money=of_money)
        if per is None:
            break
        found.append(per)
        end = after
    if tail := _ADVERB.match(text, end):
        found.append(Per(known_unit(ADVERBS[tail["adverb"].lower()]) or count_unit("day")))
        end = tail.end()
    return tuple(found), end


def _next_per(text: str, at: int, *, first: bool, of_money: bool) -> tuple[Per | None, int]:
    match = _PER.match(text, at)
    if match is None:
        also = None if first else _ALSO.match(text, at)
        unit, _, end = _also(text, also.end()) if also else (None, "", at)
    elif match["n"]:
        unit, _, end = _noun(text, match.end())
    else:
        unit, _, end = _one_noun(text, match.end())
    if unit is None or (unit.is_money and not (of_money and match and re.match(r"\s?(?:per|/)", match.group()))):
        return None, at
    return Per(unit, numerals.parse(match["n"]) if match and match["n"] else Decimal(1)), end


def _also(text: str, at: int) -> tuple[Unit | None, str, int]:
    unit, noun, end = _one_noun(text, at)
    plural = noun.lower().endswith("s") and unit is not None and unit.dimension == "count"
    return (None, "", at) if unit is None or plural or noun.lower() in _NOT_NOUNS else (unit, noun, end)


_NOT_HEADS = frozenset("extra additional further started single whole full new individual adult used other".split())


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
    if second and first["word"].lower() in _NOT_HEADS:
        return count_unit(second["word"]), second["word"], second.end()
    return count_unit(first["word"]), first["word"], first.end()


def pers_named(text: str) -> tuple[Per, ...]:
    """What a label says a number is per: ``Price per kg and day`` or ``EUR/kWh`` or ``hourly wage``."""
    found: list[Per] = []
    for match in re.finditer(r"(?:\bper\b|(?<=\w)\s?/|\b(?:each|every)\b)", text.replace("_", " "), re.IGNORECASE):
        pers, _ = read_pers(text.replace("_", " "), match.start())
        found += [p for p in pers if p not in found]
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ADVERBS and (unit := known_unit(ADVERBS[word])) and Per(unit) not in found:
            found.append(Per(unit))
    return tuple(found)
