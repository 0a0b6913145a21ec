"""What commands print: data to stdout, talk to stderr, and nothing in either that could drive a terminal.

Text of models, tools and documents may hold escape sequences. ``safe`` makes them visible, and every function here
passes what it prints through it.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from trust.rendering import UNSAFE, terminal_text

safe = terminal_text


def one_line(text: str, limit: int | None = None) -> str:
    """``safe`` text on one line, cut to ``limit`` characters."""
    line = " ".join(safe(text).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def say(text: str) -> None:
    """Talk: a line for the person at the terminal, on stderr."""
    print(safe(text), file=sys.stderr, flush=True)  # noqa: T201


def show(text: str) -> None:
    """Data: text on stdout."""
    print(safe(text))  # noqa: T201


def show_json(value: Any) -> None:
    """Data: one JSON document on stdout."""
    print(_json(value, indent=2))  # noqa: T201


def show_json_line(value: Any) -> None:
    """Data: one JSON document on a line of its own, for streams; it leaves at once."""
    print(_json(value), flush=True)  # noqa: T201


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show_table(titles: Sequence[str], rows: Iterable[Sequence[object]], *, wide: str | None = None) -> None:
    """Data: a table on a terminal, tab-separated lines under a line of titles elsewhere.

    ``wide`` names the column that gives way first when the terminal is narrow. An empty cell is shown as ``-``.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(titles, cells, wide)
        return
    for line in [list(titles), *cells]:
        print("\t".join(line))  # noqa: T201


def _cell(value: object) -> str:
    return one_line("" if value is None else str(value)) or "-"


def _rich_table(titles: Sequence[str], cells: Sequence[Sequence[str]], wide: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        gives_way = title == wide or wide is None
        table.add_column(title, no_wrap=not gives_way, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)


def is_interactive() -> bool:
    """Whether a person can be asked: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def money(usd: float) -> str:
    """An amount of USD with the digits that matter: cents above a dollar, more below."""
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"
