"""One question answered: the ways to answer it, tried in order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from llm.providers.rehearsal import lookup
from llm.providers.rehearsal.answers import Answer
from llm.providers.rehearsal.asks import Ask
from llm.providers.rehearsal.language.dates import find_dates
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reading.passages import Passage, segments
from llm.providers.rehearsal.reckoning import sums
from llm.providers.rehearsal.reckoning.billing import bill_as_given, bill_over
from llm.providers.rehearsal.reckoning.compare import compare
from llm.providers.rehearsal.reckoning.conversion import convert_found, convert_given
from llm.providers.rehearsal.reckoning.counting import count_listed, sum_named, sum_sentences
from llm.providers.rehearsal.reckoning.events import answer_dates, deadline_of
from llm.providers.rehearsal.reckoning.question import Question
from llm.providers.rehearsal.reckoning.rows import over_rows
from llm.providers.rehearsal.reckoning.schedule import end_as_given, reckon_end
from llm.providers.rehearsal.reckoning.share import discounted, share_of, split_equally
from llm.providers.rehearsal.reckoning.spans import between_times, how_often
from llm.providers.rehearsal.reckoning.speed import average_speed
from llm.providers.rehearsal.reckoning.verdict import decide
from llm.providers.rehearsal.reckoning.worth import row_worth
from llm.providers.rehearsal.toolbox import Toolbox

Way = Callable[[Question, Evidence, "Solver"], Answer | None]

WITHOUT_DOCUMENTS: tuple[Way, ...] = (
    lambda question, _, solver: sums.follow_on(question.text, solver.last, solver),
    lambda question, _, solver: sums.as_written(question, solver),
    lambda question, _, solver: convert_given(question, solver),
    answer_dates,
    lambda question, _, solver: end_as_given(question, solver),
    lambda question, _, solver: sums.priced_list(question, solver),
    lambda question, _, solver: bill_as_given(question, solver),
)
"""How a question that holds all it needs is answered."""

OVER_DOCUMENTS: tuple[Way, ...] = (
    lambda question, evidence, _: decide(question, evidence),
    answer_dates,
    reckon_end,
    how_often,
    compare,
    average_speed,
    split_equally,
    discounted,
    share_of,
    sum_named,
    row_worth,
    bill_over,
    over_rows,
    sum_sentences,
    lambda question, evidence, _: count_listed(question, evidence),
    convert_found,
    between_times,
    deadline_of,
)
"""How a question is answered over what was found; what none of them can is looked up and quoted."""


@dataclass(slots=True)
class Solver:
    """Answers questions over ``tools``; itself the means (``calculate``, ``today``) of every way.

    ``statements`` are facts and conditions the person gave, ``earlier`` the questions before, ``last`` the answer before.
    """

    tools: Toolbox
    statements: tuple[str, ...] = ()
    earlier: list[str] = field(default_factory=list)
    last: Answer | None = None

    def without_documents(self, ask: Ask) -> Answer | None:
        """The answer if the goal alone holds it: arithmetic, conversions, dates, rates it states itself."""
        question, nothing = self._question(ask), Evidence([])
        answers = (way(question, nothing, self) for way in WITHOUT_DOCUMENTS)
        return next((a for a in answers if a is not None and a.found), None)

    def with_documents(self, ask: Ask, passages: list[Passage]) -> Answer:
        """The best answer over ``passages``."""
        question, evidence = self._question(ask), Evidence(segments(passages))
        if not evidence.segments:
            return lookup.not_found(ask.text)
        answers = (way(question, evidence, self) for way in OVER_DOCUMENTS)
        found = next((a for a in answers if a is not None), None)
        return found or lookup.look_up(ask.text, evidence, question.context)

    def calculate(self, expression: str) -> str:
        return self.tools.calculate(expression)

    def today(self) -> date:
        found = find_dates(self.tools.call("now")[:40]) if self.tools.has("now") else []
        return found[0].day if found else datetime.now(UTC).date()

    def _question(self, ask: Ask) -> Question:
        return Question(ask.text, ask.lead, self.statements, tuple(self.earlier))
