"""What a goal is made of: asks of several kinds, and statements."""

import re
from dataclasses import dataclass

from llm.providers.rehearsal.language.words import canon, content

QUESTION, WRITE, READ, READ_BACK, LIST, FETCH, REMEMBER, PERSON, NOW, SUMMARY, BEYOND, SELF = (
    "question", "write", "read", "read back", "list", "fetch", "remember", "person", "now", "summary", "beyond", "self",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing asked. ``lead`` is the condition it stands under (``if we stay 3 nights``); ``path``, ``url`` and ``literal``
    (text to write, remember or ask) are set where the kind needs them."""

    kind: str
    text: str
    lead: str = ""
    path: str = ""
    url: str = ""
    literal: str = ""
    adds: bool = False
    """Whether a write leaves in the file what is there already."""

    @property
    def full(self) -> str:
        return f"{self.lead} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Goal:
    """``statements`` are sentences that ask nothing: conditions and facts for all asks."""

    asks: tuple[Ask, ...]
    statements: tuple[str, ...]
    text: str


PATH = re.compile(
    r"(?<![\w/.@:-])(?:[.~]{0,2}/)?(?:[\w-]{1,80}/){0,8}[\w][\w.-]{0,120}\.(?:md|markdown|txt|csv|tsv|json|jsonl|html?"
    r"|log|ya?ml|rst|toml|ini|xml|pdf)\b",
    re.IGNORECASE,
)
URL = re.compile(r"https?://[^\s<>\"'“”]{1,2000}", re.IGNORECASE)
QUOTED = re.compile(r"[\"“]([^\"“”\n]{1,4000})[\"”]|(?<!\w)'([^'\n]{1,4000})'(?!\w)|`([^`\n]{1,4000})`")


_ANAPHORA = frozenset(
    canon(word)
    for word in """
    result answer it them that this these those everything summary total both all find note value number report output
    line sentence figure work calculation source fact information detail conclusion outcome what you your found file
    new with contain short brief one page content text response markdown date time day name price cost amount sum
    percentage address distance
""".split()
)


def refers_back(ask: Ask, others: list[Ask]) -> bool:
    """Whether a write asks only for what the other asks answer (``the result``, ``it``, or words they already have)."""
    own = [word for word in content(ask.text) if word not in _ANAPHORA]
    if not others:
        return False
    known = {word for other in others for word in content(other.full)}
    return all(word in known for word in own)
