"""Tables: the rows of one source that have the same columns."""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.units import Unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reading.facts import cell_amount, column_unit
from llm.providers.rehearsal.reading.passages import Segment


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one table; ``cells`` by column."""

    segment: Segment
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is one amount."""

    row: Row
    value: Decimal
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns from the same source. ``words`` are those of its columns, heading and source."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    words: frozenset[str]
    amounts: dict[str, list[Cell]]

    def numbers(self, column: str, rows: list[Row] | None = None) -> list[Cell]:
        """The cells of ``column`` that are one amount, in ``rows`` or all."""
        kept = None if rows is None else {id(row) for row in rows}
        return [cell for cell in self.amounts.get(column, []) if kept is None or id(cell.row) in kept]

    @property
    def numeric_columns(self) -> list[str]:
        """The columns that hold amounts, not names or identifiers."""
        return [c for c in self.columns if len(self.numbers(c)) * 10 >= 6 * len(self.rows) and not self._identifies(c)]

    def _identifies(self, column: str) -> bool:
        """Whether a column numbers or dates its rows: by its name, or as a first column of different whole numbers."""
        if _NO_AMOUNT.fullmatch(column):
            return True
        cells = self.numbers(column)
        whole = all(c.unit is None and c.value == c.value.to_integral_value() for c in cells)
        values = [c.value for c in cells]
        if not whole or len(set(values)) < len(values) or len(values) < 2:
            return False
        return column == self.columns[0] and any(len(self.numbers(c)) * 2 > len(self.rows) for c in self.columns[1:])


_NO_AMOUNT = re.compile(
    r"\W*(?:.*[\W_])?(?:id|no|nr|number|#|year|date|zip|postcode|phone|tel|code|sku|ref(?:erence)?)\W*", re.IGNORECASE
)


def tables(segments: list[Segment]) -> list[Table]:
    """The tables in the segments; ``label: amount`` lines under one heading count as a table of two columns."""
    groups: dict[tuple[str, tuple[str, ...]], list[Row]] = defaultdict(list)
    for segment in segments:
        if segment.is_row:
            columns = tuple(c for c, _ in segment.cells)
            groups[segment.passage.source, columns].append(Row(segment, dict(segment.cells)))
        elif segment.cells and re.search(r"\d", segment.cells[0][1]):
            label, value = segment.cells[0]
            key = (segment.passage.source, ("item", segment.heading or "amount"))
            groups[key].append(Row(segment, {"item": label, segment.heading or "amount": value}))
    merged = _merge_sparse(groups)
    return [_table(source, columns, rows) for (source, columns), rows in merged.items() if len(rows) > 1]


def _merge_sparse(groups: dict[tuple[str, tuple[str, ...]], list[Row]]) -> dict[tuple[str, tuple[str, ...]], list[Row]]:
    """Rows that lack some of a larger table's cells belong to it."""
    merged: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
    for key in sorted(groups, key=lambda k: -len(k[1])):
        home = next((k for k in merged if k[0] == key[0] and set(key[1]) <= set(k[1])), key)
        merged.setdefault(home, []).extend(groups[key])
    return merged


def _table(source: str, columns: tuple[str, ...], rows: list[Row]) -> Table:
    around = rows[0].segment.around
    words = frozenset().union(*map(column_words, columns)) | around
    ordered = sorted(rows, key=lambda r: r.segment.order)
    return Table(source, columns, tuple(ordered), words, {c: _amounts(c, ordered) for c in columns})


def column_words(column: str) -> frozenset[str]:
    """The canonical words of a column's name."""
    return frozenset(canon(t) for t in tokens(column.replace("_", " ")) if t not in STOPWORDS)


def _amounts(column: str, rows: list[Row]) -> list[Cell]:
    found: list[Cell] = []
    for row in rows:
        q = cell_amount(column, row.cells.get(column, ""))
        if q is not None:
            counted = q.unit is not None and q.unit.dimension == "count" and q.noun
            found.append(Cell(row, q.value, column_unit(column) if counted or q.unit is None else q.unit))
    return found


def identity(row: Row, column: str = "", asked: frozenset[str] = frozenset()) -> str:
    """What names a row: the cell of a column that is ``asked`` for, else its first cell that is no number (but for
    ``column``)."""
    named = [v for c, v in row.cells.items() if c != column and column_words(c) & asked]
    if named:
        return named[0]
    names = [
        v
        for c, v in row.cells.items()
        if c != column and not re.fullmatch(r"[\d\W]+", v) and not re.fullmatch(r"(?i)id|no|nr", c)
    ]
    return names[0] if names else next(iter(row.cells.values()), "row")
