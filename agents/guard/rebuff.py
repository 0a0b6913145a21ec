"""A Rebuff server as one more detector.

Rebuff's server takes ``POST /api/detect`` with the text in hexadecimal (in a field called ``userInputBase64``) and answers
``{injectionDetected, tacticResults: [{name, score, threshold, detected}]}``; older ones answer with one score for each
tactic.
"""

from collections.abc import Sequence
from typing import Any

from agents.guard.detectors import CannotTell, Finding
from agents.guard.fields import Passage
from agents.guard.services import JsonService, ServiceFailed
from agents.guard.settings import RebuffSettings
from agents.task_log import TaskLog

MAX_CHARS = 8_000
"""So much of a result is sent, from its beginning."""

MAX_PASSAGES = 16
"""So many passages of a suspicious result are asked about one by one, to find the one that offends."""


class Rebuff:
    """Asks about the whole result first, and about its passages only when the answer is yes."""

    name = "rebuff"

    def __init__(self, settings: RebuffSettings) -> None:
        self._service = JsonService(settings.url, settings.api_key_env, settings.timeout_seconds)

    async def look(self, log: TaskLog, call_id: str, passages: Sequence[Passage]) -> list[Finding]:
        whole = "\n\n".join(passage.text for passage in passages)[:MAX_CHARS]
        detected, score, why = await self._ask(whole)
        if not detected:
            return []
        if len(passages) == 1:
            return [Finding(passages[0], score, why)]
        found = []
        for passage in passages[:MAX_PASSAGES]:
            detected, own_score, own_why = await self._ask(passage.text[:MAX_CHARS])
            if detected:
                found.append(Finding(passage, own_score, own_why))
        return found or [Finding(passage, score, f"{why} (in the result as a whole)") for passage in passages]

    async def _ask(self, text: str) -> tuple[bool, float, str]:
        body = {"userInput": "", "userInputBase64": text.encode("utf-8", "replace").hex(), "tacticOverrides": []}
        try:
            return _read(await self._service.post("/api/detect", body))
        except ServiceFailed as error:
            raise CannotTell(str(error)) from None


def _read(answer: dict[str, Any]) -> tuple[bool, float, str]:
    """Whether an attack was detected, the highest score, and which tactics said so. Raises ``CannotTell``."""
    detected = answer.get("injectionDetected")
    if not isinstance(detected, bool):
        raise CannotTell("the Rebuff server's answer does not say `injectionDetected`")
    results = [result for result in answer.get("tacticResults") or [] if isinstance(result, dict)]
    scores = [result.get("score") for result in results if result.get("detected")]
    scores += [answer.get("heuristicScore"), answer.get("modelScore")]
    known = [min(1.0, max(0.0, float(score))) for score in scores if isinstance(score, int | float)]
    tactics = ", ".join(str(result.get("name")) for result in results if result.get("detected"))
    return detected, max(known, default=1.0), f"Rebuff detected an injection{f' ({tactics})' if tactics else ''}"
