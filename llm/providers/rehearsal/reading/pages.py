"""Fetched pages and read files as passages."""

import re
from html.parser import HTMLParser

from llm.providers.rehearsal.reading.passages import Passage

_BLOCKS = frozenset(
    """
    p div li br tr h1 h2 h3 h4 h5 h6 section article table ul ol pre blockquote header footer dt dd
""".split()
)
_SILENT = frozenset({"script", "style", "noscript", "template", "svg"})


class _Text(HTMLParser):
    """The readable text of HTML, a line for each block; the title apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self._in_title = self._in_title or tag == "title"
        if tag in _BLOCKS:
            self.parts.append(
                "\n" + ("#" * int(tag[1]) + " " if re.fullmatch(r"h[1-6]", tag) else "- " if tag == "li" else "")
            )
        elif tag in ("td", "th"):
            self.parts.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        self._in_title = self._in_title and tag != "title"
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


_HTML = re.compile(r"<(?:!doctype|html|head|body|div|p|title|h1)\b", re.IGNORECASE)
_TITLE = re.compile(r"^\s*(?:title:\s*(?P<key>\S.*)|#\s+(?P<heading>\S.*))$", re.IGNORECASE | re.MULTILINE)


_STATUS = re.compile(r"^HTTP \d{3} [^\n]*\n+")


def read_page(url: str, result: str) -> tuple[str, Passage]:
    """The title (empty where there is none) and the text of what a fetch returned, HTML or not."""
    status = _STATUS.match(result)
    result = result[status.end() :] if status else result
    start = _HTML.search(result[:5000])
    if start is None:
        match = _TITLE.search(result[:5000])
        first, _, rest = result.lstrip().partition("\n")
        told = status is not None and "html" in status.group() and rest.startswith("\n") and len(first) < 300
        title = first.strip("# ") if told else (match["key"] or match["heading"]) if match else ""
        return title.strip(), Passage(url, "", title.strip(), result)
    parser = _Text()
    parser.feed(result[start.start() :])
    parser.close()
    text = re.sub(r"\n\s*\n+", "\n\n", "".join(parser.parts)).strip()
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    title = " ".join(parser.title.split()) or (heading[1].strip() if heading else "")
    return title, Passage(url, "", title, text)


def read_file(path: str, result: str) -> Passage:
    """A file's text; line numbers that a reading tool may put in front are taken off."""
    lines = result.splitlines()
    marks = [m for line in lines if (m := re.match(r"^\s*(\d+)(?:\t|: |\| ?|→)", line))]
    if len(lines) > 1 and [int(m[1]) for m in marks] == list(range(1, len(lines) + 1)):
        result = "\n".join(m.string[m.end() :] for m in marks)
    return Passage(path, "", "", result)
