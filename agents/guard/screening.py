"""Tool results on their way to the journal: hidden characters and secrets taken out, suspicious passages flagged or withheld.

In this order: a secret that is parted by hidden characters is one once they are gone.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from agents.guard.detectors import CannotTell, Detector, Finding
from agents.guard.fields import passages, rewritten
from agents.guard.settings import Reaction
from agents.task_log import TaskLog
from journal.events import GuardFlagged
from tools.types import ToolOutput
from trust.hidden_text import Stripped, strip_hidden
from trust.labels import Label, Trust
from trust.redaction import Redactor

MOST_FLAGS = 10
"""So many findings of one result are journaled; all of them are acted upon."""

_EXCERPT_CHARS = 400

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """A detector and what is done about what it finds."""

    detector: Detector
    reaction: Reaction


class Screen:
    """Looks at what tools return. What it does can only take away."""

    def __init__(self, redactor: Redactor, *, hidden_text: bool, watches: Sequence[Watch]) -> None:
        self._redactor = redactor
        self._hidden_text = hidden_text
        self._watches = [watch for watch in watches if watch.reaction != "off"]

    async def output(self, log: TaskLog, call_id: str, where: str, output: ToolOutput, label: Label) -> ToolOutput:
        """The result as the journal and the model may have it; every finding is noted."""
        if self._hidden_text:
            output = self._without_hidden(log, call_id, where, output)
        data = None if output.data is None else self._redactor.json(output.data)
        output = replace(output, content=self._redactor.text(output.content), data=data)
        if label.trust is Trust.TRUSTED or not self._watches:
            return output
        parts = passages(output.content, output.data)
        withheld: dict[str, str] = {}
        for watch in self._watches if parts else ():
            try:
                findings = await watch.detector.look(log, call_id, parts)
            except CannotTell as error:
                _note_unchecked(log, call_id, where, watch, str(error))
                continue
            _note_findings(log, call_id, where, watch, findings)
            if watch.reaction == "withhold":
                withheld |= {finding.passage.text: f"[withheld by the guard: {watch.detector.name}]" for finding in findings}
        if not withheld:
            return output
        content, data = rewritten(output.content, output.data, lambda text: withheld.get(text, text))
        return replace(output, content=content, data=data)

    async def text(self, log: TaskLog, call_id: str, where: str, text: str, label: Label) -> str:
        """The same for an error's message."""
        return (await self.output(log, call_id, where, ToolOutput(text), label)).content

    def line(self, text: str) -> str:
        """A text of the product's own that quotes another, cleaned without a look at what it says."""
        return self._redactor.text(strip_hidden(text).text if self._hidden_text else text)

    def _without_hidden(self, log: TaskLog, call_id: str, where: str, output: ToolOutput) -> ToolOutput:
        found: list[Stripped] = []

        def strip(text: str) -> str:
            stripped = strip_hidden(text)
            if stripped.removed:
                found.append(stripped)
            return stripped.text

        whole = strip(output.content)
        data = output.data
        if data is not None and not isinstance(data, int | float):
            content, data = rewritten(output.content, data, strip)
            whole = content if content != output.content else whole
            whole = strip_hidden(whole).text
        if not found:
            return output
        if any(stripped.suspicious for stripped in found):
            log.note(self._hidden(call_id, where, found))
        return replace(output, content=whole, data=data)

    def _hidden(self, call_id: str, where: str, found: Sequence[Stripped]) -> GuardFlagged:
        message = next((stripped.hidden for stripped in found if stripped.hidden), "")
        return GuardFlagged(
            detector="hidden_text",
            action="stripped",
            where=where,
            call_id=call_id,
            why=f"It held characters that no reader sees ({_kinds(found)}).",
            excerpt=self._redactor.text(message)[:_EXCERPT_CHARS],
        )


def _kinds(found: Iterable[Stripped]) -> str:
    counts: dict[str, int] = {}
    for stripped in found:
        for kind, count in stripped.removed.items():
            counts[kind] = max(counts.get(kind, 0), count)
    return ", ".join(f"{kind}: {count}" for kind, count in counts.items())


def _note_findings(log: TaskLog, call_id: str, where: str, watch: Watch, findings: Sequence[Finding]) -> None:
    for finding in findings[:MOST_FLAGS]:
        log.note(
            GuardFlagged(
                detector=watch.detector.name,
                action="withheld" if watch.reaction == "withhold" else "flagged",
                where=where,
                field=finding.passage.field,
                call_id=call_id,
                score=finding.score,
                why=finding.why,
                excerpt=finding.passage.text[:_EXCERPT_CHARS],
            )
        )


def _note_unchecked(log: TaskLog, call_id: str, where: str, watch: Watch, why: str) -> None:
    logger.warning("the guard's detector %s could not look: %s", watch.detector.name, why, extra={"task_id": log.state.id})
    log.note(GuardFlagged(detector=watch.detector.name, action="unchecked", where=where, call_id=call_id, why=why))
