"""A question over the rows of a table: which operation, over which rows."""

import re

from llm.providers.rehearsal.answers import Answer
from llm.providers.rehearsal.language.words import content
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reckoning.aggregate import aggregate
from llm.providers.rehearsal.reckoning.counting import amounts_counted, count_rows, list_rows, tells_count
from llm.providers.rehearsal.reckoning.operations import operation
from llm.providers.rehearsal.reckoning.question import Means, Question
from llm.providers.rehearsal.reckoning.selection import Selection, select
from llm.providers.rehearsal.reckoning.target import find_target

_HOW_MUCH = re.compile(r"\bhow much\b|\bwhat (?:was|is|were|did|does|do|has|have)\b|\bspen[dt]\b|\bspending\b", re.IGNORECASE)


def over_rows(question: Question, evidence: Evidence, means: Means) -> Answer | None:
    """The answer over rows, or ``None`` when the question or the rows are not of that kind."""
    text, op = question.full, operation(question.text)
    context = question.context if len(content(question.text)) < 3 else ""
    if op == "count" and tells_count(question, next(iter(evidence.rank(question.text, question.context)), None)):
        return None
    selection = select(text, evidence.segments, context)
    if selection is None:
        return None
    if op == "count":
        return amounts_counted(text, selection, means) or count_rows(text, selection)
    if op:
        return aggregate(text, selection, means, op)
    if _means_sum(question, selection):
        return aggregate(text, selection, means, "sum")
    return list_rows(text, selection)


def _means_sum(question: Question, selection: Selection) -> bool:
    """``What was spent in February?``: money over several rows that the question narrows down to."""
    money = find_target(question.full).dimension == "money" and _HOW_MUCH.search(question.text)
    return bool(money and selection.is_narrowed and len(selection.rows) > 1 and _one_price_column(selection))


def _one_price_column(selection: Selection) -> bool:
    columns = [
        c for c in selection.table.numeric_columns if re.search(r"(?i)amount|total|cost|spent|paid|sum|expense|value", c)
    ]
    return len(columns) == 1
