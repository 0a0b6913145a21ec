"""Taking secrets out of what is written down: known values, and what looks like a key or password.

Every pattern runs in time linear in the text: its repeats are bounded, or cannot start inside one another.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
_SHORTEST = 6

_NAMES = (
    r"pass(?:word|wd|phrase)|pwd|secret|(?:client|app|signing|webhook)[_-]?secret|(?:api|access|private|secret)[_-]?key"
    r"|secret[_-]?access[_-]?key|(?:auth|access|refresh|bearer|session|id|api|bot)[_-]?token|token|credentials?"
)
_SECRET_FIELD = re.compile(
    rf"(?:[a-z0-9]{{1,40}}[_-]){{0,6}}(?:{_NAMES})|(?:proxy-)?authorization|(?:set-)?cookie|x-api-key", re.IGNORECASE
)

_KEYS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"sk-[A-Za-z0-9_-]{20,400}"  # OpenAI, Anthropic
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,400}|xapp-[A-Za-z0-9-]{10,400}"  # Slack
    r"|gh[opsur]_[A-Za-z0-9]{30,300}|github_pat_[A-Za-z0-9_]{30,300}|glpat-[A-Za-z0-9_-]{20,300}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|AIza[A-Za-z0-9_-]{35}"
    r"|hf_[A-Za-z0-9]{30,200}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,300}"
    r"|eyJ[A-Za-z0-9_-]{8,8000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}"  # JWT
    r")(?![A-Za-z0-9_-])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,.\\]|-(?!----)){0,20000}"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"  # a key that was cut off is one too
)
_BEARER = re.compile(r"\b(bearer|basic)( {1,4})(?=[A-Za-z._~+/-]{0,200}[0-9])[A-Za-z0-9._~+/-]{16,4000}={0,2}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,200}:)[^\s/@\"']{1,500}(?=@)", re.IGNORECASE)
_PAIR = re.compile(
    rf"""(?<![A-Za-z0-9])((?:[a-z0-9]{{1,40}}[_-]){{0,6}}(?:{_NAMES})["']?[ \t]{{0,4}})([:=])([ \t]{{0,4}})"""
    r"""("[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s"',;&<>)\]}]{1,500})""",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]?[a-z]*[.?!]?")


class Redactor:
    """Replaces secrets by ``[redacted]``. ``known`` are values that must never be seen, wherever they stand.

    Known values shorter than 6 characters are left alone: they would turn up inside ordinary words.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self.learn(known)

    def learn(self, values: Iterable[str]) -> None:
        """Take further values as known from now on. Safe from any thread."""
        forms = self._forms.union(form for value in values if len(value) >= _SHORTEST for form in _spellings(value))
        if forms != self._forms:
            ordered = sorted(forms, key=lambda form: (-len(form), form))
            self._forms, self._known = forms, re.compile("|".join(map(re.escape, ordered)))

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = _PRIVATE_KEY.sub(REDACTED, text)
        text = _KEYS.sub(REDACTED, text)
        text = _BEARER.sub(rf"\1\2{REDACTED}", text)
        text = _URL_PASSWORD.sub(rf"\1{REDACTED}", text)
        return _PAIR.sub(_pair, text)

    def json(self, value: Any) -> Any:
        """A JSON value without secrets; the text under a key such as ``password`` is one, whatever it looks like."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._field(str(key), part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(part) for part in value]
        return value

    def _field(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and value and _SECRET_FIELD.fullmatch(key):
            return REDACTED
        return self.json(value)


def _spellings(value: str) -> set[str]:
    """A secret as itself, in a URL, in JSON, and in base64."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return {value, quote(value, safe=""), escaped, base64.b64encode(value.encode("utf-8", "replace")).decode()}


def _pair(match: re.Match[str]) -> str:
    name, sign, space, value = match.groups()
    if value.startswith(REDACTED[:-1]) or (sign == ":" and not _is_value(match, value)):
        return match[0]
    quoted = value[0] if value[0] in "\"'" else ""
    return f"{name}{sign}{space}{quoted}{REDACTED}{quoted}"


def _is_value(match: re.Match[str], value: str) -> bool:
    """Behind a colon prose goes on too ("the password: it must be long"): a single word counts only at the end of its line."""
    ends_line = match.string[match.end() : match.end() + 1] in ("", "\n", "\r")
    starts_line = match.start() == 0 or match.string[match.start() - 1] in "\n \t-"
    return not _WORD.fullmatch(value) or (ends_line and starts_line and not value.endswith((".", "?", "!")))
