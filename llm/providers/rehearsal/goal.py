"""A goal cut into asks."""

import re
from dataclasses import replace

from llm.providers.rehearsal.asks import QUESTION, QUOTED, READ, READ_BACK, REMEMBER, URL, WRITE, Ask, Goal
from llm.providers.rehearsal.kinds import classify
from llm.providers.rehearsal.reading.passages import split_sentences

MAX_ASKS = 12
MAX_SENTENCES = 400
_WH = (
    r"(?:(?:at|in|on|by|for|from|to|until|since|with|under|of|through|between)\s+)?(?:what|which|who|whom|whose|when"
    r"|where|why|how)(?:'s|’s)?"
)
_CLEAR = (
    r"(?:tell|give\s+me|find|calculate|compute|work\s+out|figure\s+out|add\s+up|convert|fetch|download|write|save"
    r"|store|put|append|export|create|remember|memori[sz]e|summari[sz]e"
    r"|translate|look\s+up|compare|determine|multiply|divide|subtract|compose|visit|mail|send|delete|estimate|explain"
    r"|describe|paraphrase|rewrite)"
)
_VAGUE = (
    r"(?:show|list|read|open|get|load|count|check|name|note|record|report|state|quote|sum|add|total|ask|draft"
    r"|search|extract|make|answer|say|print)"
)
_DETERMINED = (
    r"(?=\s+(?:up\s+)?(?:me|us|it|the|them|my|our|your|this|that|these|those|all|each|every|a|an|both|how"
    r"|what|which|who|when|where|whether|everything|[\w./-]+\.\w{2,4}\b))"
)
_AUX = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|am)(?=\s)"
_HEAD = rf"(?:{_WH}|{_CLEAR}|{_VAGUE}{_DETERMINED})\b"
_NOUN_HEAD = (
    r"(?:total|sum|average|mean|price|cost|costs|number|amount|difference|summary|distance|days|time)\s+(?:of"
    r"|for|between|until|to)\b"
)
_POLITE = re.compile(
    r"^(?:(?:please|kindly|hi|hello|hey|ok|okay|now|then|next|finally|also|first|second|third|lastly|and|so|but"
    r"|afterwards|after that"
    r"|(?:could|can|would|will) you(?: please)?|i(?:'d|’d| would) (?:like|love)(?: you)? to(?: know| see| find out)?"
    r"|i (?:want|need)(?: you)? to(?: know| find out)?"
    r"|i (?:want|need) (?=the|a )|let me know|do you know|help me(?: to)?|i(?:'m| am|’m) (?:wondering|curious)|i was wondering"
    r"|using (?:the|my|our) (?:documents?|notes|files|memory)|(?:according to|based on|from|in) (?:the|my|our|these"
    r"|those) (?:documents?|notes|docs|files|memory)"
    r"|(?:\d{1,2}|[a-h])[.)]|[-*•])[\s,:]+)+",
    re.IGNORECASE,
)
_IS_HEAD = re.compile(rf"(?:{_HEAD}|{_AUX}|{_VAGUE}\b(?!:)|{_NOUN_HEAD})", re.IGNORECASE)
_SPLIT = re.compile(
    rf"(?:[,;]\s*|\s+)(?:and\s+then|and\s+also|and\s+finally|and|then|also|but|finally"
    rf"|afterwards)\s+(?:please\s+)?(?={_HEAD})|[,;:]\s+(?:please\s+)?(?={_HEAD})|\s+[–—-]\s+(?={_WH}\b)",
    re.IGNORECASE,
)


def read_goal(text: str) -> Goal:
    """Cut ``text`` into asks and statements. A goal that asks nothing in so many words is one question as a whole."""
    asks: list[Ask] = []
    statements: list[str] = []
    for sentence in _sentences(text):
        found = _read_sentence(sentence)
        asks += found
        if not found:
            statements.append(sentence)
    if not any(ask.kind not in (WRITE, REMEMBER) or ask.literal for ask in asks) and statements:
        asks = [classify(statement) for statement in statements[-3:]] + asks
        statements = statements[:-3]
    return Goal(tuple(_read_back(asks[:MAX_ASKS])), tuple(statements[:400]), text)


_BACK = re.compile(
    r"^(?:show|print|display|read|open|quote|tell|check)\b[^.?!]{0,20}\b(?:it|(?:the|that|this) file|(?:its"
    r"|the) contents?|what it says)\b[^.?!]{0,30}$",
    re.IGNORECASE,
)


def _read_back(asks: list[Ask]) -> list[Ask]:
    """``... write it to a.txt and show me the file`` and ``then read a.txt``: what was written is read behind the write."""
    found: list[Ask] = []
    for ask in asks:
        written = [a.path for a in found if a.kind == WRITE]
        again = ask.kind == READ and ask.path in written
        if written and (again or (ask.kind in (QUESTION, READ) and not ask.path and _BACK.match(ask.text.rstrip(" .?!")))):
            found.append(replace(ask, kind=READ_BACK, path=ask.path or written[-1]))
        elif ask.text and not (found and found[-1].kind == READ_BACK and _BACK.match(ask.text.rstrip(" .?!"))):
            found.append(ask)
    return found


_MARKER = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|\(?[a-h]\)|[-*•])\s+")


def _sentences(text: str) -> list[str]:
    lines = (_MARKER.sub("", line).strip() for line in text.splitlines())
    return [s for line in lines if line for s in split_sentences(line)][:MAX_SENTENCES]


def _read_sentence(sentence: str) -> list[Ask]:
    asks: list[Ask] = []
    lead = ""
    for fragment in _fragments(sentence):
        bare = _POLITE.sub("", fragment).strip()
        if not bare:
            continue
        if _IS_HEAD.match(bare) or (bare.endswith("?") and len(bare) > 1) or URL.search(bare):
            asks.append(replace(classify(bare), lead=lead))
            lead = ""
        elif asks:
            asks[-1] = replace(asks[-1], text=f"{asks[-1].text}, {bare}")
        else:
            lead = f"{lead} {bare}".strip()
    return asks


def _fragments(sentence: str) -> list[str]:
    """Cut before each new ask, never inside quotation marks."""
    quoted = [m.span() for m in QUOTED.finditer(sentence)]
    cuts = [m for m in _SPLIT.finditer(sentence) if not any(a < m.start() < b for a, b in quoted)]
    starts = [0, *(m.end() for m in cuts)]
    ends = [*(m.start() for m in cuts), len(sentence)]
    return [sentence[a:b].strip() for a, b in zip(starts, ends, strict=True)]
