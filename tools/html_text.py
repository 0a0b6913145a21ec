"""HTML as readable text, with nothing left out but what no reader sees."""

import re
from typing import Any

from trust.hidden_html import is_hidden

_HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object", "nav"})
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "div", "dl", "fieldset", "figcaption", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "ol", "p", "pre", "section"),
        *("table", "ul"),
    )
)
_CELLS = frozenset({"td", "th"})
_LINES = {"li": "\n- ", "tr": "\n", "br": "\n", "tbody": "", "thead": "", "tfoot": "", "dt": "\n", "dd": "\n"}
_KEPT = "\u00a0"
"""Stands for a space of preformatted text until the others have been tidied."""


def html_to_text(html: str) -> str:
    """Title, headings (``#``), list items (``-``), table rows (``|``) and paragraphs, each on its own line.

    What is nested more than some two thousand deep is left out: the parser stops there.
    """
    from lxml import etree
    from lxml import html as parser

    if not html.strip():
        return ""
    try:
        root = parser.document_fromstring(
            html.encode(), parser=parser.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)
        )
    except etree.ParserError:
        return ""
    title = root.findtext(".//title")
    pieces = [f"{title.strip()}\n\n"] if title and title.strip() else []
    _collect(etree.iterwalk(root, events=("start", "end")), pieces)
    return _tidy("".join(pieces))


def _collect(walk: Any, pieces: list[str]) -> None:
    hidden = preformatted = 0
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else "template"
        step = 1 if event == "start" else -1
        unseen = tag in _HIDDEN or is_hidden(element.attrib)
        hidden += step * unseen
        preformatted += step * (tag == "pre")
        if hidden == 0:
            pieces.append("" if unseen else _mark(tag, event))
        if not hidden:
            words = element.text if event == "start" else element.tail
            pieces.append((words or "").replace(" ", _KEPT) if preformatted else re.sub(r"\s+", " ", words or ""))


def _mark(tag: str, event: str) -> str:
    """What stands where an element begins or ends."""
    if tag in _CELLS:
        return " | " if event == "end" else ""
    if tag in _LINES:
        return _LINES[tag] if event == "start" else ""
    if tag not in _BLOCKS:
        return ""
    if event == "start" and tag[0] == "h" and tag[1:].isdigit():
        return f"\n\n{'#' * int(tag[1:])} "
    return "\n\n"


def _tidy(text: str) -> str:
    lines = (
        re.sub(r"[ \t\r\f\v]+", " ", line).strip(" ").removesuffix("|").rstrip().replace(_KEPT, " ")
        for line in text.split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
