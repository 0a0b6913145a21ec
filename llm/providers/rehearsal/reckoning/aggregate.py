"""Questions over many rows: sum, average, extremes, counts, and which rows fit."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, quoted, said
from llm.providers.rehearsal.language import numerals
from llm.providers.rehearsal.language.dates import find_dates
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.units import Unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.evidence import Scored
from llm.providers.rehearsal.reading.facts import Fact, cell_amount, column_unit, find_facts
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.toolbox import Pending

_OPERATIONS = (
    ("average", r"\baverage\b|\bmean\b"),
    ("median", r"\bmedian\b"),
    (
        "max",
        r"\b(?:highest|most|max(?:imum)?|largest|biggest|longest|tallest|heaviest|greatest|oldest|fastest|quickest|deepest|widest|dearest|best|latest|newest|priciest|top|last(?=\W*$)|hottest|warmest|strongest|busiest|farthest|furthest)\b",
    ),
    (
        "min",
        r"\b(?:lowest|least|min(?:imum)?|smallest|shortest|lightest|cheapest|youngest|slowest|fewest|earliest|narrowest|worst|coldest|coolest|nearest|closest|first(?=\W*$))\b",
    ),
    (
        "count",
        r"\bhow many (?!more|fewer|less|days|hours|minutes|weeks|months|years|metres|meters|km|miles)|\bnumber of\b|\bcount\b",
    ),
    ("sum", r"\b(?:sum|total|totals|add up|adds up|altogether|in all|overall|combined|together)\b"),
)
_SUPERLATIVE_COLUMN = {
    "cheapest": "cost", "dearest": "cost", "priciest": "cost", "expensive": "cost", "longest": "length", "shortest": "length", "tallest": "height",
    "heaviest": "weight", "lightest": "weight", "oldest": "age", "youngest": "age", "fastest": "speed", "slowest": "speed",
    "deepest": "depth", "widest": "width", "narrowest": "width", "hottest": "temperature", "warmest": "temperature", "coldest": "temperature",
    "nearest": "distance", "closest": "distance", "farthest": "distance", "furthest": "distance", "largest": "surface", "biggest": "surface",
    "earliest": "date", "latest": "date", "newest": "date", "first": "date", "last": "date",
}  # fmt: skip


PART = 40
"""How many numbers one addition takes."""


def operation(question: str) -> str:
    """``sum``, ``average``, ``median``, ``min``, ``max``, ``count`` or nothing."""
    for name, pattern in _OPERATIONS:
        if re.search(pattern, question, re.IGNORECASE):
            return name
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one table; ``cells`` by column."""

    segment: Segment
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns from the same source."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    words: frozenset[str]
    amounts: dict[str, list[tuple[Row, Decimal, Unit | None]]]

    def numbers(self, column: str) -> list[tuple[Row, Decimal, Unit | None]]:
        """The rows whose cell in ``column`` is one amount, with it."""
        return self.amounts.get(column, [])


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
    words = frozenset(canon(t) for c in columns for t in tokens(c.replace("_", " "))) | around
    ordered = sorted(rows, key=lambda r: r.segment.order)
    return Table(source, columns, tuple(ordered), words, {c: _amounts(c, ordered) for c in columns})


def _amounts(column: str, rows: list[Row]) -> list[tuple[Row, Decimal, Unit | None]]:
    found: list[tuple[Row, Decimal, Unit | None]] = []
    for row in rows:
        q = cell_amount(column, row.cells.get(column, ""))
        if q is not None:
            counted = q.unit is not None and q.unit.dimension == "count" and q.noun
            found.append((row, q.value, column_unit(column) if counted or q.unit is None else q.unit))
    return found


def aggregate(question: str, segments: list[Segment], calculate: Callable[[str], str], context: str = "") -> Answer | None:
    """The answer over rows, or ``None`` when the question or the rows are not of that kind."""
    op = operation(question)
    wanted = set(content(question))
    best = max(
        ((t, _choose(t, question, wanted, set(content(context)))) for t in tables(segments)),
        key=lambda c: c[1][2],
        default=None,
    )
    if best is None or best[1][2] <= 0:
        return None
    table, (rows, used, _) = best
    if not rows:
        return None
    if op in ("count", ""):
        return _amounts_counted(op, question, table, rows, used, calculate) or _count(op, question, table, rows, used)
    column = _column(table, question, wanted - used, op)
    if column is None:
        return _extreme_date(op, table, rows)
    kept = {id(r) for r in rows}
    chosen = [n for n in table.numbers(column) if id(n[0]) in kept]
    return _apply(op, question, column, table, chosen, calculate) if chosen else None


def _choose(table: Table, question: str, wanted: set[str], hints: set[str]) -> tuple[list[Row], set[str], float]:
    """The rows the question means, the words that chose them, and how well the table fits."""
    rows, used = list(table.rows), set[str]()
    for column in table.columns:
        named = _named_values(table, column, wanted)
        if named:
            kept = [r for r in rows if r.cells.get(column) in named]
            if kept:
                rows = kept
                used |= {w for value in named for w in content(value)}
    rows = _bounded(table, _dated(table, rows, question), question)
    fit = (
        0.3 * len(hints & table.words)
        + len(wanted & table.words)
        + 1.5 * len(used)
        + (0.5 if len(rows) < len(table.rows) else 0)
    )
    return rows, used, fit


def _named_values(table: Table, column: str, wanted: set[str]) -> set[str]:
    values = {r.cells[column] for r in table.rows if column in r.cells}
    return {
        v
        for v in values
        if (words := content(v)) and len(v) < 60 and all(w in wanted for w in words) and not all(w.isdigit() for w in words)
    }


_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def _dated(table: Table, rows: list[Row], question: str) -> list[Row]:
    words = [canon(t) for t in tokens(question)]
    months = {
        i
        for i, m in enumerate(_MONTHS, 1)
        if m in words
        and (
            m not in ("may", "march") or re.search(r"\b(?:in|of|during|for|since) (?:May|March)\b|\bMay\b|\bMarch\b", question)
        )
    }
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
    for q in find_quantities(question):
        if not q.is_bound:
            continue
        names = {canon(t) for t in tokens(question)}
        for column in sorted(table.columns, key=lambda c: -len({canon(t) for t in tokens(c.replace("_", " "))} & names)):
            numbers = [
                (r, v)
                for r, v, u in table.numbers(column)
                if q.unit is None
                or u is None
                or u == q.unit
                or q.unit.dimension == "count"
                or (u.is_money and q.unit.is_money)
            ]
            if len(numbers) * 2 > len(table.rows):
                strict = re.search(
                    r"(?:over|above|more than|under|below|less than|older than|greater than|fewer than)\W*$",
                    question[max(0, q.start - 16) : q.start + 1],
                    re.IGNORECASE,
                )
                keep = [
                    r
                    for r, v in numbers
                    if (q.low is None or v > q.low or (v == q.low and not strict))
                    and (q.high is None or v < q.high or (v == q.high and not strict))
                ]
                kept = {id(r) for r in keep}
                return [r for r in rows if id(r) in kept]
    return rows


def _column(table: Table, question: str, wanted: set[str], op: str) -> str | None:
    """The numeric column the question is about: named, or meant by a superlative, or the only one there is."""
    numeric = _numeric_columns(table)
    meant = {_SUPERLATIVE_COLUMN[t] for t in tokens(question) if t in _SUPERLATIVE_COLUMN} if op in ("min", "max") else set()
    scores = {c: _column_fit(c, wanted, {canon(m) for m in meant}) for c in numeric}
    if not scores:
        return None
    best = max(scores, key=lambda c: scores[c])
    if scores[best] > 0:
        return best
    if canon("date") in {canon(m) for m in meant} and op in ("min", "max"):
        return None
    return (
        numeric[0]
        if len(numeric) == 1
        else next((c for c in numeric if op == "sum" and re.search(r"(?i)amount|total|price|cost|value", c)), None)
    )


_NO_AMOUNT = re.compile(r"\W*(?:id|no|nr|number|#|year|date|zip|postcode|phone|tel)\W*", re.IGNORECASE)


def _numeric_columns(table: Table) -> list[str]:
    return [c for c in table.columns if len(table.numbers(c)) * 10 >= 6 * len(table.rows) and not _NO_AMOUNT.fullmatch(c)]


def _column_fit(column: str, wanted: set[str], meant: set[str]) -> float:
    words = {canon(t) for t in tokens(column.replace("_", " ")) if t not in STOPWORDS}
    unit = column_unit(column)
    money = bool(unit and unit.is_money and (canon("cost") in wanted | meant))
    return 2 * len(words & wanted) + 1.5 * len(words & meant) + 0.8 * money - 0.01 * len(words)


def _apply(
    op: str,
    question: str,
    column: str,
    table: Table,
    numbers: list[tuple[Row, Decimal, Unit | None]],
    calculate: Callable[[str], str],
) -> Answer:
    unit = numbers[0][2]
    if op in ("min", "max"):
        speed = re.search(r"\b(?:fastest|slowest|quickest)\b", question, re.IGNORECASE) and unit and unit.dimension == "time"
        return _extreme({"max": "min", "min": "max"}[op] if speed else op, column, numbers)
    values = [v for _, v, _ in numbers]
    total, expression = _sum(values, calculate)
    if op == "average":
        shown = f"({expression}) / {len(values)}"
        total = numerals.first_number(
            calculate(f"{numerals.plain(total)} / {len(values)}" if len(values) > 40 else shown)
        ) or Decimal(0)
        expression = shown
    if op == "median":
        ordered = sorted(values)
        total = (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2
        expression = f"middle of {', '.join(numerals.show(v) for v in ordered)}"
    name = {"sum": "Total", "average": "Average", "median": "Median"}[op]
    segments = [r.segment for r, _, _ in numbers]
    plural = "row" if len(values) == 1 else "rows"
    text = f"{name} of {column.replace('_', ' ')} over {len(values)} {plural}: {amount(total, unit)}."
    working = f"{expression.replace('*', '×').replace('/', '÷')} = {numerals.show(total)}"
    return Answer(
        (said(text, *segments[:8]), Line(working if len(working) < 1500 else working[:1500] + " …")), value=total, unit=unit
    )


def _sum(values: list[Decimal], calculate: Callable[[str], str]) -> tuple[Decimal, str]:
    """The sum and its expression; a long one is added up in parts, asked for all at once."""
    parts = [_added(values[i : i + PART]) for i in range(0, len(values), PART)]
    sums: list[Decimal] = []
    pending: Pending | None = None
    for part in parts:
        try:
            sums.append(numerals.first_number(calculate(part)) or Decimal(0))
        except Pending as wait:
            pending = wait
    if pending is not None:
        raise pending
    total = sums[0] if len(sums) == 1 else _sum(sums, calculate)[0]
    return total, _added(values)


def _added(values: list[Decimal]) -> str:
    return " + ".join(numerals.plain(v) if v >= 0 else f"({numerals.plain(v)})" for v in values)


def _extreme(op: str, column: str, numbers: list[tuple[Row, Decimal, Unit | None]]) -> Answer:
    best = (max if op == "max" else min)(v for _, v, _ in numbers)
    winners = [(r, u) for r, v, u in numbers if v == best][:5]
    word = "highest" if op == "max" else "lowest"
    lines = [
        said(
            f"{_identity(r, column)}: {amount(best, u)}, the {word} {column.replace('_', ' ')} of {len(numbers)} rows.",
            r.segment,
        )
        for r, u in winners
    ]
    lines += [Line(f"“{r.segment.text}”", (r.segment.passage,)) for r, _ in winners[:1] if len(r.cells) > 2]
    return Answer(tuple(lines), value=best, unit=winners[0][1])


def _extreme_date(op: str, table: Table, rows: list[Row]) -> Answer | None:
    dated = [(found[0].day, r) for r in rows if (found := [d for v in r.cells.values() for d in find_dates(v)])]
    if op not in ("min", "max") or len(dated) < 2:
        return None
    best = (max if op == "max" else min)(d for d, _ in dated)
    row = next(r for d, r in dated if d == best)
    return Answer(
        (
            said(
                f"{_identity(row, '')}: {best.isoformat()}, the {'latest' if op == 'max' else 'earliest'} of {len(dated)} rows.",
                row.segment,
            ),
        )
    )


def _identity(row: Row, column: str) -> str:
    """What names a row: its first cell that is no number."""
    names = [
        v
        for c, v in row.cells.items()
        if c != column and not re.fullmatch(r"[\d\W]+", v) and not re.fullmatch(r"(?i)id|no|nr", c)
    ]
    return names[0] if names else next(iter(row.cells.values()), "row")


_IN_ALL = re.compile(r"\b(?:in total|altogether|in all|overall|together|all)\b", re.IGNORECASE)
_QUANTITY = re.compile(
    r"^(?:.*[_\W])?(?:quantity|qty|units?|amount|count|number|pieces|sold|ordered|stock)(?:[_\W].*)?$", re.IGNORECASE
)


def _amounts_counted(
    op: str, question: str, table: Table, rows: list[Row], used: set[str], calculate: Callable[[str], str]
) -> Answer | None:
    """``How many units were sold`` over a column of units is their sum, not a count of rows."""
    if op != "count" or any(q.is_bound for q in find_quantities(question)):
        return None
    wanted = set(content(question)) - used
    scores = {c: _column_fit(c, wanted, set()) for c in _numeric_columns(table)}
    column = max(scores, key=lambda c: scores[c], default=None)
    if column is None or scores[column] < 1.5:
        column = next((c for c in scores if (used or _IN_ALL.search(question)) and _QUANTITY.search(c)), None)
    if column is None:
        return None
    kept = {id(r) for r in rows}
    numbers = [n for n in table.numbers(column) if id(n[0]) in kept]
    if len(numbers) == 1:
        row, value, unit = numbers[0]
        text = f"{_identity(row, column)}: {column.replace('_', ' ')} {amount(value, unit)} (“{row.segment.text}”)."
        return Answer((said(text, row.segment),), value=value, unit=unit)
    return _apply("sum", question, column, table, numbers, calculate) if numbers else None


def sum_prose(question: str, ranked: list[Scored], dimension: str, calculate: Callable[[str], str]) -> Answer | None:
    """A total over sentences of one source that each give one amount of the kind asked for."""
    if operation(question) != "sum" and not re.search(r"\b(?:in total|altogether|in all)\b", question, re.IGNORECASE):
        return None
    found: list[tuple[Segment, Fact]] = []
    for scored in ranked:
        facts = [f for f in find_facts(scored.segment) if f.unit is not None and f.unit.dimension == dimension and not f.per]
        mates = not found or scored.segment.passage.source == found[0][0].passage.source
        if scored.answers and len(facts) == 1 and mates and (not found or facts[0].unit == found[0][1].unit):
            found.append((scored.segment, facts[0]))
    if len(found) < 2:
        return None
    value, expression = _sum([f.value for _, f in found], calculate)
    unit = found[0][1].unit
    text = f"{expression} = {amount(value, unit)}."
    return Answer((*(quoted(s) for s, _ in found[:10]), said(text, *(s for s, _ in found[:10]))), value=value, unit=unit)


def _count(op: str, question: str, table: Table, rows: list[Row], used: set[str]) -> Answer | None:
    narrowed = len(rows) < len(table.rows) or bool(used)
    if not op and not (
        narrowed and re.match(r"\W*(?:which|list|who|what|show|name)\b", question, re.IGNORECASE) and len(rows) > 1
    ):
        return None
    named = set(content(question)) & table.words
    if op and not narrowed and not named:
        return None
    names = [_identity(r, "") for r in rows]
    segments = [r.segment for r in rows[:8]]
    listed = ", ".join(names[:40])
    if not op:
        return Answer((said(f"{listed}.", *segments),))
    note = f": {listed}" if len(names) <= 40 else ""
    text = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}{note}."
    return Answer((said(text, *segments),), value=Decimal(len(rows)))
