"""Where passages come from: memory, pages and files, through the tools."""

import re
from dataclasses import dataclass

from llm.providers.rehearsal.asks import QUESTION, READ, SUMMARY, Ask
from llm.providers.rehearsal.language.words import content, related
from llm.providers.rehearsal.reading.pages import read_file, read_page
from llm.providers.rehearsal.reading.passages import Passage, read_hits, segments
from llm.providers.rehearsal.reckoning.operations import operation
from llm.providers.rehearsal.reckoning.target import find_target
from llm.providers.rehearsal.toolbox import Toolbox, ToolFailed

_MORE = re.compile(r"\n\[\d+ more characters; read on with offset=(?P<offset>\d+)\]\s*$")
_HTTP_ERROR = re.compile(r"HTTP (?P<status>[45]\d\d)\b")
MAX_READS = 20
WIDE = 50
"""How many hits a question over many rows asks for."""
NARROW = 8
"""How many hits ``recall`` brings by itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page or file that an ask named, or why it could not be had."""

    ask: Ask
    passage: Passage | None
    title: str = ""
    error: str = ""


def _is_wide(question: str, kind: str) -> bool:
    """Whether a question may need many rows, not just the best few passages."""
    lists = re.match(r"\W*(?:(?:an?|the)\s+)?(?:which|list|who|name|show)\b", question, re.IGNORECASE)
    return bool(operation(question)) or kind in (SUMMARY, READ) or lists is not None


def other_words(ask: Ask) -> list[str]:
    """What a document may say instead, for a second search."""
    money = ["amount", "price", "cost", "total"] if find_target(ask.full).dimension == "money" else []
    return related(ask.full) + money


class Library:
    """Finds and reads. ``is_cut`` tells that a search brought as many passages as it may."""

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools
        self.is_cut = False

    def page(self, ask: Ask) -> Page:
        try:
            if ask.url:
                result = self._tools.read_whole("http_get", url=ask.url)
                if failed := _HTTP_ERROR.match(result):
                    return Page(ask, None, error=f"it answered with HTTP {failed['status']}")
                title, passage = read_page(ask.url, result)
                return Page(ask, passage, title)
            return Page(ask, self.file(ask.path))
        except ToolFailed as error:
            return Page(ask, None, error=str(error))

    def file(self, path: str, **more: int) -> Passage:
        """A whole file, read on while the tool says that there is more. The same call is never made twice, so a second reading
        of a file needs ``more`` arguments."""
        path = next((file.path for file in self._tools.attached if file.path.endswith(f"/{path}")), path)
        text = self._tools.read_whole("read_file", path=path, **more)
        for _ in range(MAX_READS):
            cut = _MORE.search(text)
            if cut is None:
                break
            text = text[: cut.start()] + self._tools.read_whole("read_file", path=path, offset=int(cut["offset"]))
        return read_file(path, text)

    def recalled(self, ask: Ask, around: tuple[str, ...], question: str = "") -> list[Passage]:
        """The passages for an ask (searched in ``question``'s manner, where that is another); for a question over rows,
        all the rows of the tables that it hits. ``around`` is what else was said, for an ask of few words."""
        wide = _is_wide(question or ask.text, ask.kind)
        thin = len(content(ask.full)) < 4
        path, more = ask.path, around if thin else ()
        passages = self._search(" ".join((ask.full, *more))[:400], wide)
        if wide and ask.kind == QUESTION:
            passages = self._with_all_rows(passages)
        if not path:
            return passages
        own = [p for p in passages if p.source.endswith(path) or path.endswith(p.source)]
        if own or not self._tools.has("read_file") or ask.kind == READ:
            return own or passages
        try:
            return [self.file(path)]
        except ToolFailed:
            return passages

    def _with_all_rows(self, passages: list[Passage]) -> list[Passage]:
        """The passages and the other rows of the first table among them, found by its source and column names."""
        row = next((s for s in segments(passages[:10]) if s.is_row), None)
        if row is None:
            return passages
        columns = " ".join(c for c, _ in row.cells).replace("_", " ")
        found = self._search(f"{row.passage.source} {columns}"[:400], wide=True)
        return passages + [p for p in found if p.source == row.passage.source and p not in passages]

    def _search(self, query: str, wide: bool) -> list[Passage]:
        attached = self._attached()
        if not self._tools.has("recall"):
            return attached
        args = {"query": query, "k": WIDE} if wide else {"query": query}
        found = read_hits(self._tools.read_whole("recall", **args), most=WIDE if wide else NARROW)
        self.is_cut = self.is_cut or (wide and len(found) >= WIDE)
        return [*attached, *found]

    def _attached(self) -> list[Passage]:
        """The files that came with the goal; one that cannot be read is passed over."""
        passages = []
        for file in self._tools.attached:
            try:
                passages.append(read_file(file.path, file.text) if file.text is not None else self.file(file.path))
            except ToolFailed:
                continue
        return passages
