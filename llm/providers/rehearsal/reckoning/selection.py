"""Which rows of which table a question means."""

import re
from dataclasses import dataclass

from llm.providers.rehearsal.language.bounds import limits
from llm.providers.rehearsal.language.dates import MONTHS, find_dates
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reading.tabular import Cell, Row, Table, column_words, tables


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows a question means. ``used`` are its words that chose them, ``fit`` how well the table fits."""

    table: Table
    rows: list[Row]
    used: frozenset[str]
    fit: float

    @property
    def is_narrowed(self) -> bool:
        return len(self.rows) < len(self.table.rows) or bool(self.used)


def select(question: str, segments: list[Segment], context: str = "") -> Selection | None:
    """The best table with the rows meant; ``None`` where no table has a word of the question."""
    hints = frozenset(content(context))
    found = [_choose(table, question, hints) for table in tables(segments)]
    best = max(found, key=lambda s: s.fit, default=None)
    return best if best is not None and best.fit > 0 and best.rows else None


def _choose(table: Table, question: str, hints: frozenset[str]) -> Selection:
    wanted = frozenset(content(question))
    rows, used = list(table.rows), frozenset[str]()
    for column in table.columns:
        named = _named_values(table, column, wanted)
        words = frozenset(w for value in named for w in content(value)) & wanted
        kept = [r for r in rows if (r.cells.get(column) in named) != _is_denied(words, question)] if named else []
        if kept:
            rows, used = kept, used | words
    rows, used = _ticked(table, rows, used, wanted, question)
    rows = _bounded(table, _dated(rows, question), question)
    narrowed = 0.5 if len(rows) < len(table.rows) else 0.0
    fit = 0.3 * len(hints & table.words) + len(wanted & table.words) + 1.5 * len(used) + narrowed
    return Selection(table, rows, used, fit)


def _named_values(table: Table, column: str, wanted: frozenset[str]) -> set[str]:
    """The values of a column that the question names whole; where it names none, those it names by a part."""
    values = {r.cells[column]: content(r.cells[column]) for r in table.rows if column in r.cells}
    short = {v: words for v, words in values.items() if words and len(v) < 60 and not all(w.isdigit() for w in words)}
    whole = {v for v, words in short.items() if all(w in wanted for w in words)}
    if whole:
        return whole
    telling = {w for w in wanted - table.words if not w.isdigit()}
    parts = {v for v, words in short.items() if len(words) <= 3 and not re.search(r"\d", v) and telling & set(words)}
    return parts if len(parts) * 2 <= len(values) else set()


_DENIAL = re.compile(
    r"\b(?:not|n't|except(?:\s+for)?|excluding|without|other\s+than|non|neither|nor|never)\b(?P<what>[^,;.?]{1,40})",
    re.IGNORECASE,
)


def _is_denied(words: frozenset[str], question: str) -> bool:
    """``all orders that are not cancelled``: the named rows are left out."""
    return any(words & set(content(m["what"])) for m in _DENIAL.finditer(question.replace("-", " ")))


_YES, _NO = frozenset("yes true y x ✓ done 1".split()), frozenset(["no", "false", "n", "", "0", "-", "✗"])


def _ticked(
    table: Table, rows: list[Row], used: frozenset[str], wanted: frozenset[str], question: str
) -> tuple[list[Row], frozenset[str]]:
    """``Who has not paid?`` over a column ``paid`` of yes and no."""
    for column in table.columns:
        values = {r.cells.get(column, "").strip().lower() for r in table.rows}
        words = column_words(column)
        undone = any(f"un{t}" in question.lower() for t in tokens(column))
        if not values <= _YES | _NO or not values & (_YES - {"1"}) or not (words & wanted or undone):
            continue
        meant = _NO if undone or _is_denied(words, question) else _YES
        kept = [r for r in rows if r.cells.get(column, "").strip().lower() in meant]
        if kept:
            rows, used = kept, used | words
    return rows, used


def _dated(rows: list[Row], question: str) -> list[Row]:
    words = [canon(t) for t in tokens(question)]
    spelled = re.search(r"\b(?:in|of|during|for|since) (?:may|march)\b|\bMay\b|\bMarch\b", question)
    months = {i for i, m in enumerate(MONTHS, 1) if m in words and (m not in ("may", "march") or spelled)}
    years = {int(w) for w in words if re.fullmatch(r"(?:19|20)\d\d", w)} if not find_dates(question) else set()
    if not months and not years:
        return rows
    kept = [
        r
        for r in rows
        if any(
            (not months or d.day.month in months) and (not years or d.day.year in years)
            for v in r.cells.values()
            for d in find_dates(v)
        )
    ]
    return kept or rows


def _bounded(table: Table, rows: list[Row], question: str) -> list[Row]:
    """The rows whose amount keeps within a bound of the question (``over 50``)."""
    names = {canon(t) for t in tokens(question) if t not in STOPWORDS}
    for q in find_quantities(question):
        found = limits(question, q)
        if not found or _is_period(q):
            continue
        for column in sorted(table.columns, key=lambda c: -len(column_words(c) & names)):
            cells = [c for c in table.numbers(column) if _measures(c, q)] if column in table.numeric_columns else []
            if len(cells) * 2 > len(table.rows):
                kept = {id(c.row) for c in cells if found.hold(c.value)}
                return [r for r in rows if id(r) in kept]
    return rows


def _is_period(q: Quantity) -> bool:
    """``over 12 months`` is a length of time, not a bound."""
    return q.unit is not None and q.unit.dimension == "months"


def _measures(cell: Cell, q: Quantity) -> bool:
    if q.unit is None or cell.unit is None or cell.unit == q.unit or q.unit.dimension == "count":
        return True
    return cell.unit.is_money and q.unit.is_money
