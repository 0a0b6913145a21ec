"""Questions over many rows: sum, average, median and extremes."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import find_dates
from llm.providers.rehearsal.language.words import canon, content, tokens
from llm.providers.rehearsal.reading.facts import column_unit
from llm.providers.rehearsal.reading.tabular import Cell, Row, Table, column_words, identity
from llm.providers.rehearsal.reckoning.adding import add_up, added
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means
from llm.providers.rehearsal.reckoning.selection import Selection

_MEANT_COLUMN = {
    "cheapest": "cost", "dearest": "cost", "priciest": "cost", "expensive": "cost", "longest": "length", "shortest": "length",
    "tallest": "height", "heaviest": "weight", "lightest": "weight", "oldest": "age", "youngest": "age", "fastest": "speed",
    "slowest": "speed", "deepest": "depth", "widest": "width", "narrowest": "width", "hottest": "temperature",
    "warmest": "temperature", "coldest": "temperature", "nearest": "distance", "closest": "distance", "farthest": "distance",
    "furthest": "distance", "largest": "surface", "biggest": "surface", "earliest": "date", "latest": "date", "newest": "date",
    "first": "date", "last": "date",
}  # fmt: skip
_MEANT_DIMENSION = {"largest": "area", "biggest": "area", "heaviest": "mass", "lightest": "mass", "longest": "length",
                    "shortest": "length", "tallest": "length"}  # fmt: skip
_LONGEST_WORKING = 1500
_LONG_LIST = 40


def aggregate(question: str, selection: Selection, means: Means, op: str) -> Answer | None:
    """The rows' sum, average, median or extreme; ``None`` where they hold no such numbers."""
    column = column_for(selection, question, op)
    if column is None:
        return _extreme_date(op, selection.rows)
    cells = selection.table.numbers(column, selection.rows)
    return apply(op, question, column, cells, means) if cells else None


def column_for(selection: Selection, question: str, op: str) -> str | None:
    """The numeric column the question is about: named, or meant by a superlative, or the only one there is."""
    wanted = frozenset(content(question)) - selection.used
    superlatives = [t for t in tokens(question) if t in _MEANT_COLUMN] if op in ("min", "max") else []
    meant = frozenset(canon(_MEANT_COLUMN[t]) for t in superlatives)
    dimensions = {_MEANT_DIMENSION.get(t) for t in superlatives}
    numeric = selection.table.numeric_columns
    scores = {c: column_fit(c, wanted, meant) + 1.2 * (_dimension(selection.table, c) in dimensions) for c in numeric}
    if not scores:
        return None
    best = max(scores, key=lambda c: scores[c])
    if scores[best] > 0:
        return best
    if canon("date") in meant:
        return None
    if len(numeric) == 1:
        return numeric[0]
    return next((c for c in numeric if op == "sum" and re.search(r"(?i)amount|total|price|cost|value", c)), None)


def _dimension(table: Table, column: str) -> str:
    unit = next((cell.unit for cell in table.numbers(column) if cell.unit), None)
    return unit.dimension if unit else ""


def column_fit(column: str, wanted: frozenset[str], meant: frozenset[str] = frozenset()) -> float:
    """How well a column's name fits the words wanted, or meant by a superlative."""
    words = column_words(column)
    unit = column_unit(column)
    money = bool(unit and unit.is_money and (canon("cost") in wanted | meant))
    return 2 * len(words & wanted) + 1.5 * len(words & meant) + 0.8 * money - 0.01 * len(words)


def apply(op: str, question: str, column: str, cells: list[Cell], means: Means) -> Answer:
    """One operation over the cells of a column."""
    unit = cells[0].unit
    if op in ("min", "max"):
        quick = re.search(r"\b(?:fastest|slowest|quickest)\b", question, re.IGNORECASE) and unit and unit.dimension == "time"
        turned = {"max": "min", "min": "max"}[op] if quick else op
        return _extreme(turned, column, cells, question)
    values = [c.value for c in cells]
    result, expression = _reduced(op, values, means)
    name = {"sum": "Total", "average": "Average", "median": "Median"}[op]
    rows = "row" if len(values) == 1 else "rows"
    text = f"{name} of {column.replace('_', ' ')} over {len(values)} {rows}: {amount(result, unit)}."
    working = f"{expression.replace('*', '×').replace('/', '÷')} = {numerals.show(result)}"
    shown = working if len(working) < _LONGEST_WORKING else working[:_LONGEST_WORKING] + " …"
    segments = [c.row.segment for c in cells]
    return Answer((said(text, *segments[:8]), Line(shown)), value=result, unit=unit)


def _reduced(op: str, values: list[Decimal], means: Means) -> tuple[Decimal, str]:
    if op == "median":
        ordered = sorted(values)
        middle = (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2
        return middle, f"middle of {', '.join(numerals.show(v) for v in ordered)}"
    if op == "sum":
        return add_up(values, means)
    expression = f"({added(values)}) / {len(values)}"
    short = expression
    if len(values) > _LONG_LIST:
        short = f"{numerals.plain(add_up(values, means)[0])} / {len(values)}"
    return numerals.first_number(means.calculate(short)) or Decimal(0), expression


def _extreme(op: str, column: str, cells: list[Cell], question: str) -> Answer:
    best = (max if op == "max" else min)(c.value for c in cells)
    winners = [c for c in cells if c.value == best][:5]
    word = "highest" if op == "max" else "lowest"
    asked = frozenset(content(question))
    names = [identity(c.row, column, _asked_columns(question) & asked) for c in winners]
    lines = [
        said(
            f"{name}: {amount(best, cell.unit)}, the {word} {column.replace('_', ' ')} of {len(cells)} rows.", cell.row.segment
        )
        for name, cell in zip(names, winners, strict=True)
    ]
    lines += [Line(f"“{c.row.segment.text}”", (c.row.segment.passage,)) for c in winners[:1] if len(c.row.cells) > 2]
    return Answer(tuple(lines), value=best, unit=winners[0].unit, subject=names[0] if len(names) == 1 else "")


def _asked_columns(question: str) -> frozenset[str]:
    """The noun right behind ``which`` or ``what``: what the answer is to be named by."""
    match = re.search(r"\b(?:which|what)\s+(?P<noun>[^\W\d_]+)", question, re.IGNORECASE)
    return frozenset(content(match["noun"])) if match else frozenset()


def _extreme_date(op: str, rows: list[Row]) -> Answer | None:
    dated = [(found[0].day, r) for r in rows if (found := [d for v in r.cells.values() for d in find_dates(v)])]
    if op not in ("min", "max") or len(dated) < 2:
        return None
    best = (max if op == "max" else min)(d for d, _ in dated)
    row = next(r for d, r in dated if d == best)
    text = f"{identity(row)}: {best.isoformat()}, the {'latest' if op == 'max' else 'earliest'} of {len(dated)} rows."
    return Answer((said(text, row.segment),), subject=identity(row))
