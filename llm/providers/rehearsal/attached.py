"""Files that came with the goal, as the runtime tells of them: a list with it, and short texts in messages of their own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LISTED = re.compile(
    r"\n*^Files attached to this goal, in the workspace:\n(?P<lines>(?:- attachments/[^\n]+\n?)+)", re.MULTILINE
)
_LINE = re.compile(r"^- (?P<path>attachments/[^\n]+) \((?P<type>[^\s()]+), [\d,]+ bytes\)$", re.MULTILINE)
_SHOWN = re.compile(r"(?P<path>attachments/[^\n]+) reads:\n\n(?P<text>.*)", re.DOTALL)
_SUMMARY = "[This is a summary of your work so far"
_TEXTS = ("text/", "application/json", "application/xml", "application/yaml", "application/toml")


@dataclass(frozen=True, slots=True)
class Attached:
    """``text`` is ``None`` where the file must be read first."""

    path: str
    text: str | None


def split(contents: Iterable[str]) -> tuple[str, tuple[Attached, ...]]:
    """The person's own words in these messages, and the readable files that came with them."""
    words: list[str] = []
    listed: dict[str, str | None] = {}
    for content in contents:
        if content.startswith(_SUMMARY):
            continue
        shown = _SHOWN.fullmatch(content)
        if shown is not None and shown["path"] in listed:
            listed[shown["path"]] = shown["text"]
            continue
        words.append(_LISTED.sub("", content))
        listed |= {line["path"]: None for line in _LINE.finditer(content) if line["type"].startswith(_TEXTS)}
    return "\n".join(words).strip(), tuple(Attached(path, text) for path, text in listed.items())
