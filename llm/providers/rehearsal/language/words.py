"""Words: tokens, stems and synonyms."""

import re
from functools import lru_cache
from itertools import pairwise

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")

STOPWORDS = frozenset(
    """
    a an the this that these those it its they them their he she his her him we us our you your i me my mine one's is
    are was were be been being am do does did done have has had having will would shall should can could may might
    must of in on at to for from by with about into over under after before between during as than then so if or and
    nor not no but what which who whom whose when where why how there here also just only please tell give show find
    say says said let know want need look up get much many long far any some all both each every per own same such
    very too more most according document documents text file files documentation docs whether it's what's who's i'd
    i'll i'm state mention mentioned listed name exactly out off again once answer question questions
""".split()
)

_IRREGULAR = {
    "people": "person", "persons": "person", "men": "man", "women": "woman", "children": "child", "kids": "child",
    "kid": "child", "feet": "foot", "teeth": "tooth", "mice": "mouse", "lives": "life", "wives": "wife", "halves": "half",
    "paid": "pay", "built": "build", "held": "hold", "began": "begin", "begun": "begin", "wrote": "write",
    "written": "write", "led": "lead", "made": "make", "took": "take", "taken": "take", "sold": "sell", "bought": "buy",
    "ran": "run", "kept": "keep", "met": "meet", "left": "leave", "lost": "lose", "won": "win", "grew": "grow",
    "grown": "grow", "gave": "give", "given": "give", "went": "go", "gone": "go", "came": "come", "spoke": "speak",
    "spoken": "speak", "taught": "teach", "thought": "think", "brought": "bring", "sent": "send", "spent": "spend",
    "drove": "drive", "driven": "drive", "flew": "fly", "flown": "fly", "born": "birth", "died": "death", "die": "death",
    "lay": "lie", "rose": "rise", "chose": "choose", "chosen": "choose", "fell": "fall", "sung": "sing", "sang": "sing",
    "drank": "drink", "ate": "eat", "eaten": "eat", "found": "find", "founded": "found", "founder": "found",
    "founders": "found", "analyses": "analysis", "leaves": "leave", "cheapest": "cheap", "opening": "open",
    "means": "mean", "used": "use", "uses": "use", "news": "news", "series": "series", "species": "species", "bus": "bus",
    "buses": "bus",
    "dearest": "dear", "series'": "series", "tyres": "tire", "tyre": "tire",
}  # fmt: skip

# Words of one group count as one word. Only words that are near-synonyms in practically every kind of document.
_SYNONYMS = (
    "cost price fee charge rate tariff fare pay payable expensive cheap cost payment",
    "phone telephone tel mobile", "email mail e-mail", "start begin commence kickoff", "end finish expire",
    "salary wage earn earning", "speed fast velocity", "weight weigh heavy mass", "height tall high", "length long",
    "width wide breadth broad", "depth deep", "distance far", "vessel boat ship yacht craft", "car vehicle automobile",
    "holiday vacation", "flat apartment", "film movie", "doctor physician", "buy purchase", "cancel cancellation",
    "contact reach", "temperature temp hot", "maximum max maximal", "minimum min minimal",
    "employee staff worker colleague", "moor berth mooring", "delivery deliver shipping ship_goods", "repair fix mend",
    "permit allow permission allowed forbidden prohibited ban", "launch release", "author write writer",
    "photo picture photograph", "bicycle bike cycle", "locate location situate address venue", "deadline due",
    "manage manager management boss", "participant attendee", "population inhabitant", "invoice bill", "lead leader head",
    "insure insurance", "reserve reservation book booking", "refund reimburse reimbursement", "warranty guarantee",
    "birth birthday birthdate", "found establish foundation", "usage use consumption consume", "hire rent rental",
    "pupil student", "area surface", "departure depart leave", "arrival arrive", "quantity amount",
    "revenue turnover sale", "monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri",
    "saturday sat", "sunday sun", "january jan", "february feb", "april apr", "august aug", "september sep sept",
    "october oct", "november nov", "december dec", "close shut closure",
    "spend spending expense expenditure", "last lasting duration lifetime lifespan life",
)  # fmt: skip

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers in order, possessive endings removed."""
    return [_bare(m.group().lower()) for m in _TOKEN.finditer(text)]


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "’s")) else word


_PLURALS = (("sses", "ss", 1), ("ies", "y", 2), ("ss", "ss", 1), ("us", "us", 2), ("is", "is", 2), ("ches", "ch", 2),
            ("shes", "sh", 2),
            ("xes", "x", 1), ("s", "", 3))  # fmt: skip
_VERBAL = (("ings", 3), ("ing", 3), ("ied", 2), ("ed", 3))


@lru_cache(maxsize=20_000)
def singular(word: str) -> str:
    """A lower-case noun in the singular, as far as English spelling tells."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, replacement, left in _PLURALS:
        if word.isalpha() and word.endswith(ending) and len(word) - len(ending) >= left:
            return word[: -len(ending)] + replacement
    return word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without inflection and without a final e, for comparing; an irregular form is mapped to its base."""
    base = singular(word)
    if len(base) <= 3 or not base.isalpha():
        return base
    if base == word:
        for ending, left in _VERBAL:
            if word.endswith(ending) and len(word) - len(ending) >= left:
                base = word[: -len(ending)] + ("y" if ending == "ied" else "")
                doubled = len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz"
                base = base[:-1] if doubled else base
                break
    base = _underived(base)
    return base[:-1] if base.endswith("e") and len(base) > 3 else base


_DERIVED = (("ation", 5), ("ance", 5), ("age", 5), ("al", 5), ("ment", 4))
_NOT_DERIVED = frozenset(
    "apartment department basement element moment document comment segment average language message".split()
)


def _underived(word: str) -> str:
    """``pilotage`` -> pilot, ``renewal`` -> renew: a noun made of another word, as far as endings tell."""
    for ending, left in _DERIVED:
        if word.endswith(ending) and len(word) - len(ending) >= left and word not in _NOT_DERIVED:
            return word[: -len(ending)]
    return word


def _groups() -> dict[str, str]:
    known: dict[str, str] = {}
    for group in _SYNONYMS:
        members = [stem(word) for word in group.split()]
        for member in members:
            known.setdefault(member, members[0])
    return known


_CANON = _groups()


@lru_cache(maxsize=20_000)
def canon(word: str) -> str:
    """One name for a lower-case word, its inflections and its synonyms."""
    base = stem(word)
    return _CANON.get(base, base)


def content(text: str) -> list[str]:
    """The canonical content words of a text, each once, in order."""
    return list(dict.fromkeys(canon(word) for word in tokens(text) if word not in STOPWORDS))


def vocabulary(text: str) -> frozenset[str]:
    """Every canonical word of a text; a range of weekdays counts as every day in it."""
    words = [canon(word) for word in tokens(text)]
    found = set(words)
    days = [(i, WEEKDAYS.index(word)) for i, word in enumerate(words) if word in WEEKDAYS]
    for (i, first), (j, last) in pairwise(days):
        between = words[i + 1 : j]
        if between in ([], ["to"], ["until"], ["till"], ["through"]) and _is_range(text):
            found.update(WEEKDAYS[d % 7] for d in range(first, last + 1 if last >= first else last + 8))
    if found & {"daily", "everyday", "weekday"}:
        found.update(WEEKDAYS if "weekday" not in found else WEEKDAYS[:5])
    if "weekend" in found:
        found.update(WEEKDAYS[5:])
    return frozenset(found)


_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?"
_DAY_RANGE = re.compile(rf"\b{_DAY}\s?(?:[-–—]|to|until|till|through)\s?{_DAY}", re.IGNORECASE)


def _is_range(text: str) -> bool:
    return _DAY_RANGE.search(text) is not None


def related(text: str) -> list[str]:
    """The near-synonyms of a text's content words, for a second search in other words."""
    wanted = set(content(text))
    return [word for group in _SYNONYMS for word in group.split() if canon(stem(word)) in wanted]
