"""HTML to blocks, keeping headings, lists, tables and code.

All of the page's text that a reader sees is kept: heuristics for a page's main content lose short pages, tables and headings.
"""

import re
from collections.abc import Iterator
from typing import Any

from memory.errors import UnreadableDocument
from memory.ingest.chunks import Block, Kind, Place
from memory.ingest.outline import Outline
from trust.hidden_html import is_hidden

_DROPPED = frozenset({"script", "style", "noscript", "template", "svg", "nav", "head", "iframe", "object", "button", "select"})
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt",
        "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu",
        "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    )
)  # fmt: skip
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\x00"
"""Stands for ``<br>`` until white space is collapsed; no text holds it."""


def html_blocks(text: str) -> list[Block]:
    """Blocks numbered as ``paragraph``. Raises ``UnreadableDocument`` for a page without text, or one nested too deeply."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=parser)
        _prune(root)
        reader = _Reader()
        reader.title(root.findtext("head/title"))
        reader.read(root)
    except RecursionError:
        raise UnreadableDocument("It is nested too deeply.") from None
    except lxml.etree.LxmlError as error:
        raise UnreadableDocument(f"It is not readable HTML: {error}.") from None
    reader.outline.close()
    return reader.outline.blocks


def _prune(root: Any) -> None:
    """Take out what no reader of the page sees."""
    for element in [e for e in root.iterdescendants() if is_hidden(e.attrib)]:
        element.drop_tree()


class _Reader:
    """Walks the tree; text that stands loose between block elements becomes a paragraph."""

    def __init__(self) -> None:
        self.outline = Outline()
        self._paragraphs = 0

    def title(self, text: str | None) -> None:
        """The page's title, as the heading above all others."""
        if text and text.strip():
            self.outline.open(0, _SPACE.sub(" ", text).strip(), Place("paragraph", 1, 1))

    def read(self, element: Any) -> None:
        loose = [element.text or ""]
        for child in element:
            if child.tag in _DROPPED:
                pass
            elif child.tag in _BLOCKS or child.tag in _HEADINGS or _holds_blocks(child):
                self._keep("".join(loose))
                loose = []
                self._read_block(child)
            else:
                loose.append(_BREAK if child.tag == "br" else _inline(child))
            loose.append(child.tail or "")
        self._keep("".join(loose))

    def _read_block(self, element: Any) -> None:
        if element.tag in _HEADINGS:
            self._open_heading(_HEADINGS[element.tag], _flat(element))
        elif element.tag == "pre":
            self._keep_lines(element.text_content(), "code")
        elif element.tag in ("ul", "ol", "menu") and not _holds(element, ("table", "pre", *_HEADINGS)):
            self._keep_lines("\n".join(_items(element, 0)), "list")
        elif element.tag == "table" and not _holds(element, ("table", *_HEADINGS)):
            self._keep_table(element)
        else:
            self.read(element)

    def _open_heading(self, level: int, title: str) -> None:
        if title:
            self.outline.open(level, title, self._place())

    def _keep(self, text: str) -> None:
        lines = (_SPACE.sub(" ", line).strip() for line in text.split(_BREAK))
        self._add("\n".join(line for line in lines if line), "prose")

    def _keep_lines(self, text: str, kind: Kind) -> None:
        self._add("\n".join(line.rstrip() for line in text.strip("\n").split("\n")), kind)

    def _keep_table(self, table: Any) -> None:
        for caption in table.iterchildren("caption"):
            self._keep(_inline(caption))
        rows = [[_flat(cell).replace("|", "/") for cell in row.iterchildren("td", "th")] for row in table.iter("tr")]
        rows = [row for row in rows if any(row)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        if len(rows) > 1:
            lines.insert(1, f"|{' --- |' * len(rows[0])}")
        self._add("\n".join(lines), "table", head=2 if len(rows) > 1 else 0)

    def _add(self, text: str, kind: Kind, head: int = 0) -> None:
        if text.strip():
            self.outline.add(text, self._place(), kind, head)

    def _place(self) -> Place:
        """Headings are counted as paragraphs too."""
        self._paragraphs += 1
        return Place("paragraph", self._paragraphs, self._paragraphs)


def _holds(element: Any, tags: tuple[str, ...]) -> bool:
    return next(element.iterdescendants(*tags), None) is not None


def _holds_blocks(element: Any) -> bool:
    return _holds(element, (*_BLOCKS, *_HEADINGS))


def _inline(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        if child.tag not in _DROPPED:
            parts.append(_BREAK if child.tag == "br" else _inline(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _flat(element: Any) -> str:
    return _SPACE.sub(" ", _inline(element).replace(_BREAK, " ")).strip()


def _items(element: Any, depth: int) -> Iterator[str]:
    for number, item in enumerate(element.iterchildren("li"), 1):
        mark = f"{number}." if element.tag == "ol" else "-"
        own = _SPACE.sub(" ", "".join(_own_text(item)).replace(_BREAK, " ")).strip()
        yield f"{'  ' * depth}{mark} {own}"
        for nested in item.iterchildren("ul", "ol", "menu"):
            yield from _items(nested, depth + 1)


def _own_text(item: Any) -> Iterator[str]:
    yield item.text or ""
    for child in item:
        if child.tag not in _DROPPED and child.tag not in ("ul", "ol", "menu"):
            yield f" {_inline(child)} " if child.tag in _BLOCKS else _inline(child)
        yield child.tail or ""
