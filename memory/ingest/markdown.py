"""Markdown and plain text to blocks that know their lines."""

import re

from memory.ingest.chunks import Block, Kind, Place
from memory.ingest.outline import Outline

_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#*)?[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_TABLE_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


def plain_blocks(text: str) -> list[Block]:
    """Paragraphs of plain text: what stands between blank lines."""
    outline = Outline()
    lines = _lines(text)
    start = 0
    for end in range(len(lines) + 1):
        if end == len(lines) or not lines[end].strip():
            _take(outline, lines, start, end, "prose")
            start = end + 1
    return outline.blocks


def markdown_blocks(text: str) -> list[Block]:
    """Paragraphs, lists, tables and code, each under the path of its headings."""
    return _Reader(_lines(text)).read()


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _take(outline: Outline, lines: list[str], start: int, end: int, kind: Kind, head: int = 0) -> None:
    outline.add("\n".join(lines[start:end]).rstrip(), Place("line", start + 1, end), kind, head)


class _Reader:
    """One pass over the lines; ``at`` is the line being looked at."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.outline = Outline()

    def read(self) -> list[Block]:
        self._skip_front_matter_rule()
        while self.at < len(self.lines):
            self._read_block()
        self.outline.close()
        return self.outline.blocks

    def _read_block(self) -> None:
        line = self.lines[self.at]
        if not line.strip():
            self.at += 1
        elif heading := _HEADING.match(line):
            self._open_heading(len(heading[1]), heading[2] or "", 1)
        elif fence := _FENCE.match(line):
            self._take(self._end_of_code(fence[1]), "code")
        elif self._starts_table(self.at):
            self._take(self._end_of_table(), "table", head=2)
        elif _RULE.match(line):
            self.at += 1
        elif _ITEM.match(line):
            self._take(self._end_of_list(), "list")
        else:
            self._read_paragraph()

    def _read_paragraph(self) -> None:
        end = self.at + 1
        while end < len(self.lines) and self.lines[end].strip():
            if underline := _UNDERLINE.match(self.lines[end]):
                title = " ".join(line.strip() for line in self.lines[self.at : end])
                self._open_heading(1 if underline[1][0] == "=" else 2, title, end + 1 - self.at)
                return
            if self._interrupts(end):
                break
            end += 1
        self._take(end, "prose")

    def _interrupts(self, at: int) -> bool:
        line = self.lines[at]
        return bool(_HEADING.match(line) or _FENCE.match(line) or _ITEM.match(line) or self._starts_table(at))

    def _take(self, end: int, kind: Kind, head: int = 0) -> None:
        _take(self.outline, self.lines, self.at, end, kind, head)
        self.at = end

    def _open_heading(self, level: int, title: str, lines: int) -> None:
        self.outline.open(level, title.strip(), Place("line", self.at + 1, self.at + lines))
        self.at += lines

    def _skip_front_matter_rule(self) -> None:
        """Front matter is read as a paragraph of its own; without this its closing rule would make it a heading."""
        if self.lines[0].strip() != "---":
            return
        close = next((n for n in range(1, len(self.lines)) if self.lines[n].strip() in ("---", "...")), None)
        if close is not None:
            self.at = 1
            self._take(close, "list")
            self.at = close + 1

    def _starts_table(self, at: int) -> bool:
        following = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        return "|" in self.lines[at] and "-" in following and bool(_TABLE_RULE.match(following))

    def _end_of_table(self) -> int:
        end = self.at + 2
        while end < len(self.lines) and "|" in self.lines[end]:
            end += 1
        return end

    def _end_of_code(self, fence: str) -> int:
        for end in range(self.at + 1, len(self.lines)):
            closing = self.lines[end].strip()
            if len(closing) >= len(fence) and set(closing) == {fence[0]}:
                return end + 1
        return len(self.lines)

    def _end_of_list(self) -> int:
        """A list goes on over blank lines as long as items or indented lines follow."""
        end = self.at + 1
        while end < len(self.lines):
            line = self.lines[end]
            if not line.strip():
                following = next((self.lines[n] for n in range(end, len(self.lines)) if self.lines[n].strip()), "")
                if not (_ITEM.match(following) or following.startswith((" ", "\t"))):
                    return end
            elif _HEADING.match(line) or _RULE.match(line) or (_FENCE.match(line) and not line.startswith(" ")):
                return end
            end += 1
        return end
