"""How much a text looks like an instruction to a model, by its words alone.

This is a hint, never a judgement: who knows the rules can write around them. Every rule looks at a bounded number of words
behind each word, and every pattern has bounded repeats, so the time is linear in the text.
"""

import base64
import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from trust.hidden_text import strip_hidden

_WINDOW = 8
_MAX_BLOBS = 20
_MAX_DECODED = 4_000


@dataclass(frozen=True, slots=True)
class Suspicion:
    """``score`` in [0, 1]; ``reasons`` are the rules that applied, the strongest first."""

    score: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A word of ``first``, soon behind it one of ``then``, and between them one of ``between``, where that is not empty."""

    reason: str
    score: float
    first: frozenset[str]
    then: frozenset[str]
    between: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OVERRIDE = _words(
    "ignore ignoring disregard disregarding forget override overrule bypass skip neglect overlook discard abandon "
    "ignoriere ignorieren vergiss missachte ignorez oubliez oublie ignora ignorar olvida olvide ignorad dimentica "
    "esqueca игнорируй игнорируйте забудь"
)
_ORDERS = _words(
    "instruction instructions prompt prompts rule rules directive directives guideline guidelines command commands order "
    "orders direction directions programming safeguards restrictions constraints policies training anweisung anweisungen "
    "befehle regeln consignes instrucciones instruccion istruzioni regole instrucoes инструкции указания правила"
)
_EARLIER = _words(
    "previous prior above earlier preceding former foregoing past all any every your original initial system existing old "
    "vorherigen vorigen bisherigen obigen alle allen precedentes precedents toutes anteriores previas todas precedenti tutte "
    "предыдущие все"
)
_SECRETS = _words(
    "prompt instructions password passwords secret secrets credentials credential token tokens key keys confidential canary"
)
_MACHINES = _words("ai assistant agent model chatbot bot llm gpt claude chatgpt gemini copilot ki assistent")
_PEOPLE = _words("user users anyone human humans person people operator owner nutzer benutzer utilisateur usuario")
_TELLING = _words("tell telling mention mentioning inform informing alert alerting notify notifying reveal show say")
_SENDING = _words("send forward transfer email upload post wire submit exfiltrate pay")

_RULES = (
    _Rule("tells to ignore earlier instructions", 0.8, _OVERRIDE, _ORDERS, _EARLIER),
    _Rule("tells to ignore instructions", 0.5, _OVERRIDE, _ORDERS),
    _Rule("asks for instructions or secrets", 0.55, _words("reveal leak divulge expose exfiltrate repeat disclose"), _SECRETS),
    _Rule("asks for silence towards people", 0.5, _words("not never don't dont without secretly nicht"), _PEOPLE, _TELLING),
    _Rule("speaks to a model", 0.4, _words("you attention dear hey hello note"), _MACHINES),
    _Rule(
        "gives new instructions", 0.4, _words("new updated real actual true important urgent"), _words("instructions orders")
    ),
    _Rule(
        "asks for calls of tools", 0.35, _words("call invoke execute run use trigger"), _words("tool tools function functions")
    ),
    _Rule("asks to send something away", 0.3, _SENDING, _words("to at http https www iban account")),
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A pattern, looked for only where one of ``needs`` stands in the text: most texts are passed over so."""

    reason: str
    score: float
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


def _phrase(reason: str, score: float, needs: str, pattern: str) -> _Phrase:
    return _Phrase(reason, score, tuple(needs.split("|")), re.compile(pattern, re.MULTILINE))


_PHRASES = (
    _phrase(
        "plays a turn of the conversation",
        0.6,
        "system|assistant|developer",
        r"^[ \t#>*_-]{0,8}(?:system|assistant|developer)[ \t]{0,4}:",
    ),
    _phrase(
        "plays a turn of the conversation",
        0.7,
        "<|[|##",
        r"<\|?/?(?:im_start|im_end|system|assistant|endoftext|information|instructions?)\|?>|\[/?inst\]|<</?sys>>"
        r"|#{2,4} ?(?:instructions?|system|response):",
    ),
    _phrase(
        "gives the model another role",
        0.45,
        "you are|from now|pretend",
        r"\byou are (?:now|no longer)\b|\bfrom now on,? you\b|\bpretend (?:to be|you)\b",
    ),
    _phrase(
        "gives the model another role",
        0.5,
        " mode",
        r"\b(?:developer|god|dan|jailbreak|debug|admin|administrator) mode\b",
    ),
    _phrase(
        "puts itself before the task",
        0.5,
        "before",
        r"\bbefore (?:you )?(?:can )?(?:solv|complet|continu|answer|do|proceed|finish)[a-z]{0,4}\b.{0,60}?"
        r"\b(?:task|first|must|please)\b",
    ),
    _phrase(
        "claims to be the person or the operator",
        0.45,
        "message from",
        r"\bmessage from (?:me|the (?:user|admin|system|developer|operator))\b",
    ),
    _phrase(
        "carries data out in an image",
        0.6,
        "![",
        r"!\[[^\]\n]{0,200}\]\(\s{0,4}https?://[^)\s]{0,500}[?&={][^)\s]{0,500}",
    ),
    _phrase("speaks of the system prompt", 0.35, "system ", r"\bsystem (?:prompt|override|message|instruction)s?\b"),
)
_BY_FIRST: dict[str, list[_Rule]] = {}
for _rule in _RULES:
    for _first in _rule.first:
        _BY_FIRST.setdefault(_first, []).append(_rule)
_BACKWARDS = frozenset(word[::-1] for word in _OVERRIDE)
_ROT13 = frozenset(codecs.encode(word, "rot13") for word in _OVERRIDE)

_WORD = re.compile(r"[^\W_']+(?:'[^\W_']+)?")
_MIXED = re.compile(r"(?<=[a-z])[0-9@$]|[0-9@$](?=[a-z])|(?<=[a-z])[^\x00-\x7f]|[^\x00-\x7f](?=[a-z])")
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{24,8000}")
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u03bf\u03b1\u03b5\u03b9\u03bd\u03c5\u03ba013457",
    "aeopcyxisjoaeivukoieast",
)
"""Cyrillic and Greek letters and digits that pass for Latin letters."""


def suspicion(text: str) -> Suspicion:
    """Look at a text as it is, and at what is spelled in it backwards, by letters moved (rot13), or in base64."""
    stripped = strip_hidden(text)
    found = _look(stripped.text)
    for how, turned in _turned(stripped.text):
        found |= {f"{reason}, {how}": max(score, 0.8) for reason, score in _look(turned).items() if score >= 0.5}
    if stripped.hidden:
        found |= {f"{reason}, in invisible characters": 0.9 for reason in _look(stripped.hidden)}
    left = 1.0
    for score in found.values():
        left *= 1 - score
    return Suspicion(round(1 - left, 3), tuple(sorted(found, key=lambda reason: -found[reason])))


def _look(text: str) -> dict[str, float]:
    plain = _plain(text)
    found = {
        phrase.reason: phrase.score
        for phrase in _PHRASES
        if any(need in plain for need in phrase.needs) and phrase.pattern.search(plain)
    }
    words = _WORD.findall(plain)
    if _MIXED.search(plain):
        words = [word.translate(_LOOKALIKES) if _MIXED.search(word) else word for word in words]
    return found | _ruled(words)


def _plain(text: str) -> str:
    """In small letters, without accents, in the plainest of the characters that look the same."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold().replace("\u2019", "'")
    return "".join(char for char in folded if not unicodedata.combining(char))


def _ruled(words: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, word in enumerate(words):
        for rule in _BY_FIRST.get(word, ()):
            if rule.reason not in found and _applies(rule, words[place + 1 : place + 1 + _WINDOW]):
                found[rule.reason] = rule.score
    return found


def _applies(rule: _Rule, ahead: Sequence[str]) -> bool:
    return any(
        word in rule.then and (not rule.between or not rule.between.isdisjoint(ahead[:distance]))
        for distance, word in enumerate(ahead)
    )


def _turned(text: str) -> Iterator[tuple[str, str]]:
    """What the text may be in disguise."""
    words = text.lower().split()
    if not _BACKWARDS.isdisjoint(words):
        yield "backwards", text[::-1]
    if not _ROT13.isdisjoint(words):
        yield "in rot13", codecs.encode(text, "rot13")
    for match in islice(_BLOB.finditer(text), _MAX_BLOBS):
        blob = match[0][:_MAX_DECODED].replace("-", "+").replace("_", "/")
        try:
            yield "in base64", base64.b64decode(blob[: len(blob) - len(blob) % 4]).decode()
        except ValueError:
            continue
