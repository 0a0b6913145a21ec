"""Program text to blocks: a function or a class is one, under its name."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memory.ingest.chunks import Block, Place

_NAMED = re.compile(
    r"\b(?:class|interface|struct|enum|union|trait|impl|fn|func|function|def|module|namespace|package|sub|procedure|object|type)"
    r"\s+(?:\([^)]*\)\s*)?([A-Za-z_][\w.:]*)"
)
_CALLED = re.compile(r"([A-Za-z_][\w:~]*)\s*\([^;]*$")
_CLOSING = ("}", ")", "]", "end", "fi", "done", "esac")


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines ``first`` to ``last``, counted from 1, and what they define."""

    first: int
    last: int
    name: str = ""


def code_blocks(text: str, *, python: bool) -> list[Block]:
    """Blocks placed by ``line``. Python is cut by its syntax; other languages, and broken Python, where a line that is not
    indented follows a blank one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    spans = _python_spans("\n".join(lines), len(lines)) if python else None
    return [block for span in spans or _spans_by_indent(lines) for block in _block(lines, span)]


def _block(lines: Sequence[str], span: _Span) -> Iterator[Block]:
    first, last = span.first, span.last
    while first <= last and not lines[first - 1].strip():
        first += 1
    while last >= first and not lines[last - 1].strip():
        last -= 1
    if first <= last:
        yield Block("\n".join(lines[first - 1 : last]), Place("line", first, last), "code", span.name)


def _python_spans(text: str, count: int) -> list[_Span] | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return list(_body_spans(tree.body, 1, count, ""))


def _body_spans(body: Sequence[ast.stmt], first: int, last: int, above: str) -> Iterator[_Span]:
    """Comments over a definition are its own; what stands between two is one block."""
    start = first
    end_of_loose = first - 1
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if end_of_loose >= start:
                yield _Span(start, end_of_loose, above)
                start = end_of_loose + 1
            name = f"{above} > {node.name}" if above else node.name
            end = node.end_lineno or node.lineno
            if isinstance(node, ast.ClassDef):
                yield from _body_spans(node.body, start, end, name)
            else:
                yield _Span(start, end, name)
            start = end + 1
            end_of_loose = end
        else:
            end_of_loose = node.end_lineno or node.lineno
    if last >= start:
        yield _Span(start, last, above)


def _spans_by_indent(lines: Sequence[str]) -> Iterator[_Span]:
    start = 1
    for number in range(2, len(lines) + 1):
        if not lines[number - 2].strip() and _begins(lines[number - 1]):
            yield _Span(start, number - 1, _name(lines[start - 1 : number - 1]))
            start = number
    yield _Span(start, len(lines), _name(lines[start - 1 :]))


def _begins(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and not line.startswith(_CLOSING)


def _name(lines: Sequence[str]) -> str:
    """What the first line that is not indented, and no comment, defines."""
    for line in lines:
        if line.strip() and not line[0].isspace() and not line.startswith(("//", "#", "/*", "*", "--", "@", "[")):
            found = _NAMED.search(line) or (_CALLED.search(line) if line.rstrip().endswith("{") else None)
            return found[1] if found else ""
    return ""
