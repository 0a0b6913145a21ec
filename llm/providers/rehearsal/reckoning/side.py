"""Amounts that come on top of a product: fees, taxes, a flat part of a tariff; and those that may, but were not asked for."""

import re

from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reading.facts import Fact
from llm.providers.rehearsal.reckoning.products import Product
from llm.providers.rehearsal.reckoning.reckon import Reckoner

_ON_TOP = re.compile(
    r"\b(?:plus|additional(?:ly)?|on top|surcharge|extra|flat|one-off|one-time|once|base|basic|fixed|booking|service|handling"
    r"|cleaning|call-?out|connection|standing|starting|in addition|also|set-?up|delivery|shipping|registration|joining"
    r"|admin(?:istration)?"
    r"|entry|tax|levy|mandatory|compulsory|levied|added|supplement)\b",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"\b(?:tax|levy|levied|mandatory|compulsory|always|added)\b", re.IGNORECASE)
_ONLY_IF = re.compile(
    r"\b(?:optional(?:ly)?|if|unless|late|penalt\w*|fined?|cancel\w*|deposit|refundable|breakfast|lost|damage\w*"
    r"|on request|may be"
    r"|can be|replacement|overdue|dogs?|pets?|parking|missed)\b",
    re.IGNORECASE,
)
_SIDE = re.compile(
    r"\b(?:tax|levy|surcharge|additional(?:ly)?|extra|on top|deposit|supplement|overtime|penalty)\b", re.IGNORECASE
)
_STAY = re.compile(r"\b(?:nights?|stay\w*|rooms?|total|altogether|trip)\b", re.IGNORECASE)
_WHOLE = re.compile(r"\b(?:total|altogether|in all|overall|all in|everything)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"\b(?:without|excluding|not including|except|before)\b(?P<what>[^,.?]{1,60})", re.IGNORECASE)


def is_side(fact: Fact, question: str) -> bool:
    """Whether an amount goes with something else, and the question does not ask for it by name."""
    side = _SIDE.search(fact.clause) or _ONLY_IF.search(fact.clause)
    return side is not None and canon(side.group().lower()) not in {canon(t) for t in tokens(question)}


_WITH = re.compile(r"\b(?:with|plus|including|incl\.?|and)\s(?P<what>[^.?;]{1,60})", re.IGNORECASE)


def goes_with(fact: Fact, question: str) -> bool:
    """Whether the question asks for the amount only besides another: ``with surcharge and cleaning``."""
    side = _SIDE.search(fact.clause)
    named = _WITH.search(question)
    return side is not None and named is not None and canon(side.group().lower()) in {canon(t) for t in tokens(named["what"])}


def on_top(parts: tuple[Product, ...], reckoner: Reckoner, question: str) -> tuple[list[Product], list[Fact]]:
    """What is added to ``parts`` (at most three), and the facts that might be, for a note."""
    taken = [f for p in parts for f in (p.fact, *p.others)]
    added: list[Product] = []
    apart: list[Fact] = []
    for fact, relevance in reckoner.facts:
        if fact.unit != parts[0].unit or not _may_come(fact, taken, question):
            continue
        product = reckoner.flat(fact, relevance)
        if product is None or product.open:
            continue
        if _belongs(fact, taken, question) and len(added) < 3:
            added.append(product)
        elif fact.segment not in [f.segment for f in taken]:
            apart.append(fact)
    return added, apart[:2]


def _may_come(fact: Fact, taken: list[Fact], question: str) -> bool:
    place = _place(fact)
    if fact in taken or place[0] not in {_place(t)[0] for t in taken} or fact.segment.is_row:
        return False
    siblings = any(t.segment.cells and fact.segment.cells and t.per == fact.per for t in taken)
    beside = any(fact.segment is t.segment for t in taken)
    joined = beside and re.search(r"\bplus\b|\+", fact.segment.text)
    return not siblings and bool(joined or _ON_TOP.search(fact.clause)) and not _is_left_out(fact, question)


def _place(fact: Fact) -> tuple[str, str]:
    return fact.segment.passage.source, fact.segment.heading or fact.segment.passage.heading


def _belongs(fact: Fact, taken: list[Fact], question: str) -> bool:
    if any(fact.segment is t.segment for t in taken) or (_ALWAYS.search(fact.clause) and _STAY.search(question)):
        return True
    if _WHOLE.search(question) and _place(fact) in [_place(t) for t in taken]:
        return True
    about = {canon(t) for t in tokens(fact.clause) if t not in STOPWORDS and not t.isdigit()}
    known = {word for t in taken for word in t.label} | {"cost", "month", "day"}
    return bool((about - known) & {canon(t) for t in tokens(question)})


def _is_left_out(fact: Fact, question: str) -> bool:
    without = _WITHOUT.search(question)
    own = {canon(t) for t in tokens(fact.clause) if t not in STOPWORDS and not t.isdigit()}
    if without and own & {canon(t) for t in tokens(without["what"]) if t not in STOPWORDS} - {"cost"}:
        return True
    conditional = _ONLY_IF.search(fact.clause) or _ONLY_IF.search(fact.segment.text if not fact.segment.is_row else "")
    return conditional is not None and canon(conditional.group().lower()) not in {canon(t) for t in tokens(question)}
