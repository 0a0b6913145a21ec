"""A whole goal: each ask is answered or done, in order; what needs a result first is asked for."""

import re
from dataclasses import replace

from llm.providers.rehearsal import actions, asks, compose, lookup
from llm.providers.rehearsal.answers import Answer, Line, missing
from llm.providers.rehearsal.asks import Ask, Goal
from llm.providers.rehearsal.kinds import classify
from llm.providers.rehearsal.language.words import content
from llm.providers.rehearsal.library import WIDE, Library, Page, other_words
from llm.providers.rehearsal.reading.evidence import Evidence
from llm.providers.rehearsal.reading.passages import Passage, segments
from llm.providers.rehearsal.reckoning import arithmetic
from llm.providers.rehearsal.solve import Solver
from llm.providers.rehearsal.toolbox import Pending, Toolbox, ToolFailed

_PRONOUN = re.compile(r"\b(?:it|they|he|she|that one|this one)\b", re.IGNORECASE)
_CUT = f"Rows may be missing: a search brings at most {WIDE} passages, and this one brought as many."


class Mind:
    """Works on one goal with what the toolbox has; calls without a result stay on the toolbox's list."""

    def __init__(self, wanted: Goal, tools: Toolbox) -> None:
        self.goal = wanted
        self.tools = tools
        self.solver = Solver(tools, wanted.statements)
        self.pages: list[Page] = []
        self.subject = ""
        self.library = Library(tools)

    def work(self) -> list[tuple[Ask, Answer]] | None:
        """All answers, or ``None`` while calls are pending."""
        named = [ask for ask in self.goal.asks if ask.kind in (asks.FETCH, asks.READ) or ask.url]
        for ask in named:
            try:
                self.pages.append(self.library.page(ask))
            except Pending:
                continue
        if self.tools.pending:
            return None
        behind = (asks.WRITE, asks.READ_BACK)
        answers = self._answers([ask for ask in self.goal.asks if ask.kind not in behind])
        if self.tools.pending:
            return None
        for ask in (a for a in self.goal.asks if a.kind in behind):
            try:
                answers.append((ask, self._write(ask, answers) if ask.kind == asks.WRITE else self._read_back(ask)))
            except Pending:
                return None
        return answers

    def _read_back(self, ask: Ask) -> Answer:
        try:
            return self._begins([self.library.file(ask.path, offset=0)], "")
        except ToolFailed as error:
            return missing(f"I could not read {ask.path}: {error}")

    def _answers(self, wanted: list[Ask]) -> list[tuple[Ask, Answer]]:
        answers: list[tuple[Ask, Answer]] = []
        for ask in wanted:
            if self.tools.pending and (arithmetic.on_previous(ask.text, compose.ONE) or _PRONOUN.search(ask.text)):
                break
            ask = self._resolved(ask)
            try:
                answer = self._answer(ask)
            except Pending:
                answer = None
            if answer is not None:
                answers.append((ask, answer))
                self.solver.last = answer if answer.value is not None else self.solver.last
                self.subject = answer.subject or self.subject
            self.solver.earlier.append(ask.full)
        return answers

    def _resolved(self, ask: Ask) -> Ask:
        """``it`` stands for the one thing that an answer before named (``Which is cheapest, and what does it cost?``)."""
        if not self.subject or ask.kind != asks.QUESTION:
            return ask
        return replace(ask, text=_PRONOUN.sub(self.subject, ask.text, count=1))

    def _answer(self, ask: Ask) -> Answer | None:
        simple = {
            asks.LIST: actions.list_files,
            asks.NOW: actions.clock,
            asks.REMEMBER: actions.remember,
            asks.PERSON: actions.ask_person,
        }
        if ask.kind in simple:
            return simple[ask.kind](self.tools, ask)
        if ask.kind == asks.SELF:
            return Answer((Line(compose.SELF),))
        if ask.kind == asks.BEYOND:
            return actions.own_tool(self.tools, ask.full) or compose.beyond(ask)
        if ask.kind in (asks.FETCH, asks.READ):
            return self._of_page(ask)
        return self._question(ask)

    def _of_page(self, ask: Ask) -> Answer | None:
        page = next(p for p in self.pages if p.ask is ask)
        if page.passage is None:
            fallback = self.library.recalled(ask, self._around()) if ask.path and self.tools.has("recall") else []
            if fallback:
                self.pages = [
                    Page(ask, p) if q is page else q for q in self.pages for p in (fallback if q is page else [q.passage])
                ]
                return self._asked_of(ask, fallback, "")
            return missing(f"I could not {'fetch' if ask.url else 'read'} {ask.url or ask.path}: {page.error}")
        return self._asked_of(ask, [page.passage], page.title)

    def _asked_of(self, ask: Ask, passages: list[Passage], title: str) -> Answer | None:
        """What the same clause asks of the page; nothing when other asks follow it, else how it begins."""
        question = re.sub(
            r"^(?:fetch|get|open|read|load|download|visit|look at|go to|show|print|display)\b",
            "",
            ask.text.replace(ask.path, " ") if ask.path else ask.text,
            flags=re.IGNORECASE,
        ).strip(" .,:;")
        words = [
            w
            for w in content(question)
            if w
            not in ("workspace", "page", "website", "fil", "file", "url", "site", "open", "read", "fetch", "link", "summary")
        ]
        if words:
            return self._titled(question, passages, title) or self.solver.with_documents(
                replace(ask, text=question, lead=ask.lead), passages
            )
        others = [a for a in self.goal.asks if a is not ask and a.kind in (asks.QUESTION, asks.SUMMARY)]
        if others or (any(a.kind == asks.WRITE for a in self.goal.asks) and passages[0].source in ask.text):
            return None
        return self._begins(passages, title)

    def _titled(self, question: str, passages: list[Passage], title: str) -> Answer | None:
        if not re.search(r"\btitle\b", question, re.IGNORECASE) or len(content(question)) > 3:
            return None
        if not title:
            return missing(f"{passages[0].source} has no title.")
        return Answer((Line(f"The title is “{title}”.", (passages[0],)),))

    def _begins(self, passages: list[Passage], title: str) -> Answer:
        text = "\n".join(p.text.strip() for p in passages)
        shown = text if len(text) <= 1500 else text[:1500].rsplit(" ", 1)[0] + " …"
        lines = [Line(f"Title: {title}")] if title and title not in shown[:200] else []
        return Answer((*lines, Line(shown or "It is empty.", (passages[0],))))

    def _question(self, ask: Ask) -> Answer:
        found = self.solver.without_documents(ask) if ask.kind == asks.QUESTION else None
        found = found or actions.own_tool(self.tools, ask.full)
        if found is not None:
            return found
        pages = [p for p in self.pages if p.passage is not None]
        if pages:
            titled = next((t for p in pages if p.passage and (t := self._titled(ask.text, [p.passage], p.title))), None)
            answer = titled or self._over(ask, [p.passage for p in pages if p.passage is not None])
            if answer.found or not self.tools.has("recall"):
                return answer
        self.library.is_cut = False
        answer = self._from_memory(ask)
        return replace(answer, lines=(*answer.lines, Line(_CUT))) if self.library.is_cut and answer.found else answer

    def _around(self) -> tuple[str, ...]:
        return (*self.solver.earlier[-1:], *self.goal.statements[:5])

    def _over(self, ask: Ask, passages: list[Passage]) -> Answer:
        if ask.kind == asks.SUMMARY:
            return lookup.summarize(ask.text, Evidence(segments(passages)))
        return self.solver.with_documents(ask, passages)

    def _from_memory(self, ask: Ask) -> Answer:
        stated = [Passage("your request", "", "", "\n".join(self.goal.statements))] if self.goal.statements else []
        if not self.tools.has("recall") and not self.tools.attached:
            answer = self._over(ask, stated)
            return answer if answer.found else missing(f"I cannot look up “{ask.text.rstrip('?. ')}”: {compose.NO_SEARCH}")
        try:
            answer = self._over(ask, self.library.recalled(ask, self._around()))
            others = other_words(ask) if not answer.found else []
            if others:
                again = self._over(ask, self.library.recalled(replace(ask, text=" ".join(others)), self._around(), ask.text))
                answer = again if again.found else answer
        except ToolFailed as error:
            return missing(f"I could not search the documents: {error}")
        if not answer.found and stated:
            second = self._over(ask, stated)
            return second if second.found else answer
        return answer

    def _write(self, ask: Ask, answers: list[tuple[Ask, Answer]]) -> Answer:
        if ask.literal:
            return self._put(ask, ask.literal)
        others = [a for a, _ in answers]
        told = [a for a, answer in answers if a.kind != asks.BEYOND]
        if others and not told:
            return missing(f"{ask.path} was not written: there is nothing of mine to put in it.")
        if asks.refers_back(ask, others):
            own = answers
        else:
            kind = classify(ask.text).kind
            question = replace(ask, kind=kind if kind in (asks.SUMMARY, asks.NOW, asks.LIST) else asks.QUESTION, path="")
            if not content(ask.text):
                return missing(f"{ask.path} was not written: the goal does not say what to put in it.")
            own = [(question, self._answer(question) or lookup.not_found(ask.text))]
        text = compose.for_file([answer for _, answer in own], ask.path)
        done = self._put(ask, text)
        return done if own is answers else Answer((*own[0][1].lines, *done.lines), found=done.found)

    def _put(self, ask: Ask, text: str) -> Answer:
        """Write the file; where the ask adds to it, behind what is there."""
        if ask.adds and self.tools.has("read_file"):
            try:
                there = self.library.file(ask.path).text
            except ToolFailed as error:
                if "no file" not in str(error).lower():
                    return missing(f"I could not add to {ask.path}: {error}")
                there = ""
            text = f"{there.rstrip()}\n{text}" if there.strip() else text
        return actions.write_file(self.tools, ask.path, text)
