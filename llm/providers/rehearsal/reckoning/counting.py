"""How many rows, and which; amounts that are counts; things listed in a sentence."""

import re
from decimal import Decimal

from llm.providers.rehearsal.answers import Answer, Line, quoted, said
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.words import canon, content
from llm.providers.rehearsal.reading.evidence import STRONG, WEAK, Evidence, Scored
from llm.providers.rehearsal.reading.facts import Fact, find_facts
from llm.providers.rehearsal.reading.passages import Segment
from llm.providers.rehearsal.reading.tabular import identity
from llm.providers.rehearsal.reckoning.adding import add_up
from llm.providers.rehearsal.reckoning.aggregate import apply, column_fit
from llm.providers.rehearsal.reckoning.operations import operation
from llm.providers.rehearsal.reckoning.phrases import amount
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.selection import Selection
from llm.providers.rehearsal.reckoning.target import find_target

_IN_ALL = re.compile(r"\b(?:in total|altogether|in all|overall|together|all)\b", re.IGNORECASE)
_QUANTITY = re.compile(
    r"^(?:.*[_\W])?(?:quantity|qty|units?|amount|count|number|pieces|sold|ordered|stock)(?:[_\W].*)?$", re.IGNORECASE
)
_LISTS = re.compile(r"\W*(?:(?:an?|the)\s+)?(?:which|list|who|what|show|name|give)\b", re.IGNORECASE)
_MOST_NAMED = 40


def amounts_counted(question: str, selection: Selection, means: Means) -> Answer | None:
    """``How many units were sold`` over a column of units is their sum, not a count of rows."""
    if any(q.is_bound for q in find_quantities(question)):
        return None
    wanted = frozenset(content(question)) - selection.used
    scores = {c: column_fit(c, wanted) for c in selection.table.numeric_columns}
    column = max(scores, key=lambda c: scores[c], default=None)
    if column is None or scores[column] < 1.5:
        meant = selection.used or _IN_ALL.search(question)
        column = next((c for c in scores if meant and _QUANTITY.search(c)), None)
    cells = selection.table.numbers(column, selection.rows) if column else []
    if column is None or not cells:
        return None
    if len(cells) == 1:
        cell = cells[0]
        shown = f"{identity(cell.row, column)}: {column.replace('_', ' ')} {amount(cell.value, cell.unit)}"
        return Answer((said(f"{shown} (“{cell.row.segment.text}”).", cell.row.segment),), value=cell.value, unit=cell.unit)
    return apply("sum", question, column, cells, means)


def count_rows(question: str, selection: Selection) -> Answer | None:
    """How many rows are meant, with their names."""
    if not selection.is_narrowed and not set(content(question)) & selection.table.words:
        return None
    if len(selection.rows) == 1 and find_target(question).noun in selection.used:
        return None  # the row is the thing itself, not one of those counted
    names = _names(question, selection)
    note = f": {', '.join(names)}" if len(names) <= _MOST_NAMED else ""
    count = len(selection.rows)
    text = f"{count} {'row' if count == 1 else 'rows'}{note}."
    return Answer((said(text, *_segments(selection)),), value=Decimal(count))


def list_rows(question: str, selection: Selection) -> Answer | None:
    """The names of the rows meant, for ``which`` and ``list``."""
    if not selection.is_narrowed or not _LISTS.match(question) or len(selection.rows) < 2:
        return None
    listed = ", ".join(_names(question, selection)[:_MOST_NAMED])
    return Answer((said(f"{listed}.", *_segments(selection)),))


def _names(question: str, selection: Selection) -> list[str]:
    match = re.search(r"\b(?:which|what|list(?: all)?|many)\s+(?:the\s+)?(?P<noun>[^\W\d_]+)", question, re.IGNORECASE)
    asked = frozenset(content(match["noun"])) - selection.used if match else frozenset()
    return list(dict.fromkeys(identity(r, "", asked) for r in selection.rows))


def _segments(selection: Selection) -> list[Segment]:
    return [r.segment for r in selection.rows[:8]]


def tells_count(question: Question, best: Scored | None) -> bool:
    """Whether a sentence gives the number that is asked for: ``28 beds`` for ``how many beds``."""
    noun = find_target(question.full).noun
    if best is None or best.segment.cells or not noun or best.score < STRONG:
        return False
    return any(
        q.unit is not None and q.unit.dimension == "count" and noun in {canon(q.unit.name), *content(q.noun)}
        for q in find_quantities(best.segment.text)
    )


_LISTED = re.compile(r"^(?:.{0,80}?(?::|\bare|\binclude[sd]?|\bwere)\s+)(?P<things>[^.;:]+)", re.IGNORECASE)


def count_listed(question: Question, evidence: Evidence) -> Answer | None:
    """``Present: Ana, Bo, Chidi`` for ``how many were present``: the things that a sentence lists."""
    if operation(question.text) != "count":
        return None
    for scored in evidence.rank(question.text, question.context)[:3]:
        match = _LISTED.match(scored.segment.text)
        things = re.split(r",\s+(?:and\s+)?|\s+and\s+", match["things"]) if match else []
        numbers = any(q.unit is not None for q in find_quantities(scored.segment.text))
        if len(things) > 1 and scored.score >= WEAK and not numbers and all(len(t.split()) <= 5 for t in things):
            told = Line(f"{len(things)}: {', '.join(t.strip() for t in things)}.")
            return Answer((quoted(scored.segment), told), value=Decimal(len(things)))
    return None


def sum_sentences(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """A total over sentences of one source that each give one amount of the kind asked for."""
    text = question.full
    if operation(text) != "sum" and not re.search(r"\b(?:in total|altogether|in all)\b", text, re.IGNORECASE):
        return None
    dimension = find_target(text).dimension
    found: list[tuple[Segment, Fact]] = []
    for scored in evidence.rank(question.text, question.context):
        facts = [f for f in find_facts(scored.segment) if f.unit is not None and f.unit.dimension == dimension and not f.per]
        mates = not found or scored.segment.passage.source == found[0][0].passage.source
        if scored.answers and len(facts) == 1 and mates and (not found or facts[0].unit == found[0][1].unit):
            found.append((scored.segment, facts[0]))
    if len(found) < 2:
        return None
    value, expression = add_up([f.value for _, f in found], means)
    unit = found[0][1].unit
    segments = [s for s, _ in found[:10]]
    return Answer((*map(quoted, segments), said(f"{expression} = {amount(value, unit)}.", *segments)), value=value, unit=unit)


_TOTAL_OF = re.compile(
    r"\b(?:total|sum|together|altogether|combined)\b[^?]{0,30}?\b(?:of|for)\s+(?P<these>[^?]+?)\W*$"
    r"|^\W*(?:what (?:do|does|is|are|would)|how much (?:do|does|is|are|would))\s+(?P<those>[^?]+?)\s+"
    r"(?:cost|come to|make|amount to|together|altogether|in total)\b",
    re.IGNORECASE,
)


def sum_named(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """``the total of rent, heating and garage``: one flat amount for each thing named, added up."""
    match = _TOTAL_OF.search(question.text)
    if match is None or question.givens:
        return None
    parts = [p for p in re.split(r",\s*(?:and\s+)?|\s+and\s+", match["these"] or match["those"]) if content(p)]
    found = [_amount_named(part, evidence) for part in parts]
    facts = [f for f in found if f is not None]
    if (
        len(parts) < 2
        or len(set(facts)) < len(parts)
        or len({f.unit for f in facts}) != 1
        or len({f.per for f in facts if f.per}) > 1
    ):
        return None
    value, expression = add_up([f.value for f in facts], means)
    segments = list(dict.fromkeys(f.segment for f in facts))
    text = f"{expression} = {amount(value, facts[0].unit)}."
    return Answer((*map(quoted, segments), said(text, *segments)), value=value, unit=facts[0].unit)


def _amount_named(part: str, evidence: Evidence) -> Fact | None:
    """The first flat price whose clause has all the words of a name."""
    words = set(content(part)) - {canon("cost"), "month"}
    for scored in evidence.rank(part)[:4]:
        for fact in find_facts(scored.segment):
            if fact.is_money and words <= fact.label:
                return fact
    return None
