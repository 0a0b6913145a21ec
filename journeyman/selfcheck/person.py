"""The person of a scenario: pauses, resumes, approves, answers, settles doubts by what the witness saw, cancels.

Acts on what the journal says alone, so a person whose process was killed is played on by the next one.
"""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable

from agents.requests import Decision, InputRequest
from agents.runtime import Runtime
from journal.call_state import CallState
from journal.errors import Conflict
from journal.records import TaskFilter, TaskRecord
from journal.values import WaitingReason
from journeyman.selfcheck.scenarios import Scenario

_BY = "selfcheck"


class Person:
    """``witness`` is the URL under which the witness keeps this case."""

    def __init__(self, runtime: Runtime, scenario: Scenario, tenant: str, witness: str) -> None:
        self._runtime = runtime
        self._scenario = scenario
        self._tenant = tenant
        self._witness = witness

    async def prepare(self, task_id: str) -> None:
        """What is done before the task starts."""
        if self._scenario.pauses:
            kinds = {event.kind for event in await self._runtime.journal.read(self._tenant, task_id)}
            if not kinds & {"task.waiting", "task.started"}:
                await self._runtime.pause(self._tenant, task_id, by=_BY)

    async def act(self, record: TaskRecord) -> None:
        """Do what the task waits for. A word that somebody else gave meanwhile is no mistake."""
        if record.waiting is None or record.waiting.reason not in self._acts:
            return
        try:
            await self._acts[record.waiting.reason](record)
        except Conflict:
            return

    async def tasks(self) -> list[TaskRecord]:
        """All tasks of the case, children first."""
        return await self._runtime.list_tasks(self._tenant, TaskFilter(limit=100))

    @property
    def _acts(self) -> dict[WaitingReason, Callable[[TaskRecord], Awaitable[None]]]:
        return {
            WaitingReason.PAUSED: self._resume,
            WaitingReason.APPROVAL: self._decide,
            WaitingReason.INPUT: self._answer,
            WaitingReason.IN_DOUBT: self._settle,
        }

    async def _resume(self, record: TaskRecord) -> None:
        await self._runtime.resume(self._tenant, record.id, by=_BY)

    async def _decide(self, record: TaskRecord) -> None:
        if self._scenario.cancels:
            await self._runtime.cancel(self._tenant, record.id, by=_BY)
            return
        for approval in record.waiting.approvals if record.waiting else ():
            await self._runtime.decide(self._tenant, approval, Decision(decision="approve"), by=_BY)

    async def _answer(self, record: TaskRecord) -> None:
        await self._runtime.input(self._tenant, record.id, InputRequest(text="This one."), by=_BY)

    async def _settle(self, record: TaskRecord) -> None:
        calls = (await self._runtime.state(self._tenant, record.id)).calls
        for call_id in record.waiting.calls if record.waiting else ():
            verdict = await self._verdict(calls[call_id])
            word = InputRequest.model_validate({"call_id": call_id, "verdict": verdict, "result": "It happened."})
            await self._runtime.input(self._tenant, record.id, word, by=_BY)

    async def _verdict(self, call: CallState) -> str:
        """What the witness saw decides; a call that never arrives is left undone the second time."""
        if await asyncio.to_thread(self._seen, call):
            return "happened"
        return "not_happened" if call.attempts < 2 or call.call.tool != "send_nowhere" else "skipped"

    def _seen(self, call: CallState) -> int:
        url = f"{self._witness}/{call.call.tool}/{call.call.args.get('subject')}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            return int(json.load(answer))
