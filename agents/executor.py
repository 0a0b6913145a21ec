"""The executor: runs the calls of one turn. Reads run at once; effects run one after the other, each at most once."""

import asyncio
from collections.abc import Awaitable, Sequence

from agents.approvals import is_refused, is_standing, request_approval, why_void
from agents.effects import intend, settle
from agents.escalation import Terms, next_look
from agents.guard.guard import Guard
from agents.interruption import Interrupted
from agents.invocation import Invoker, Question, Unknown
from agents.judging import Judged, decided_by, judge, labels_of
from agents.task_log import TaskLog
from journal import events as ev
from journal.call_state import CallStage, CallState
from journal.errors import StaleLease, StorageError
from journal.projection import TaskState
from journal.values import ApprovalStatus, WaitingReason
from tools.errors import InvalidArguments
from tools.types import Tool
from trust.labels import SYSTEM, join
from trust.policy import Decision, Policy


class Executor:
    """Runs calls on behalf of one task, with the tools it was given."""

    def __init__(self, tools: dict[str, Tool], invoker: Invoker, policy: Policy, approval_terms: Terms, guard: Guard) -> None:
        self._tools = tools
        self._invoker = invoker
        self._policy = policy
        self._approval_terms = approval_terms
        self._guard = guard
        self._questions: dict[str, str] = {}
        self._one_effect = asyncio.Lock()

    async def act(self, log: TaskLog, calls: Sequence[CallState]) -> None:
        """Run what may run now; what is left waits for a person, and then the task rests."""
        judged = [j for call in calls if (j := self._prepare(log, call)) is not None]
        free = [j for j in judged if _is_free(log.state, j)]
        self._ask_for_word(log, [j for j in judged if j not in free])
        effects = [j for j in free if j.is_effect]
        intended = bool(effects) and effects[0].call.stage is not CallStage.SENT
        if intended:
            intend(log, effects[0])
        await log.commit()
        try:
            async with log.interruption:
                reads = [self._read(log, j) for j in free if not j.is_effect]
                await _together([*reads, self._effects(log, effects, intended)] if effects else reads)
        except Interrupted:
            return
        self.rest_if_open(log)

    def admit(self, log: TaskLog, calls: Sequence[CallState]) -> list[Judged]:
        """Those of the calls that may run now; for those that need a person's word it is asked, once for all of them."""
        judged = [j for call in calls if not self._waits(call) and (j := self._prepare(log, call)) is not None]
        free = [j for j in judged if _is_free(log.state, j)]
        self._ask_for_word(log, [j for j in judged if j not in free])
        return free

    async def perform(self, log: TaskLog, judged: Judged) -> None:
        """Run one admitted call to its end, effects one after the other; mail that came in meanwhile is read before the next
        is sent. What led to the call must be committed."""
        if judged.is_effect:
            async with self._one_effect:
                if log.mail or log.state.waiting or log.state.ended:
                    return
                await self._effect(log, judged, intended=False)
        else:
            await self._read(log, judged)

    def _waits(self, call: CallState) -> bool:
        """Whether a person has been asked about the call and has not answered."""
        asked = call.call.id in self._questions and call.reply is None
        return asked or (call.approval_id is not None and call.stage is CallStage.ASKED and call.denied is None)

    def _prepare(self, log: TaskLog, call: CallState) -> Judged | None:
        """A call that can be judged and run; ``None`` for one that cannot be run (its failure is noted) or is in doubt."""
        tool = self._tools.get(call.call.tool)
        if call.stage is CallStage.SENT and (tool is None or tool.pinned != call.sent_version):
            why = "The worker stopped before the result was recorded, and the tool is gone or was changed since."
            log.note(ev.ToolInDoubt(call_id=call.call.id, tool=call.call.tool, why=why))
            return None
        if call.stage is CallStage.IN_DOUBT:
            return None
        refusal = self._refusal(call, tool) or self._objection(log, call)
        if refusal is not None:
            error, why = refusal
            label = join(SYSTEM, *labels_of(call, decided_by(log.state, call)).values())
            log.note(ev.ToolFailed(call_id=call.call.id, tool=call.call.tool, error=error, message=why, label=label))
        if refusal is not None or tool is None:
            return None
        return self._judged(log, call, tool)

    def _judged(self, log: TaskLog, call: CallState, tool: Tool) -> Judged | None:
        """What the policy says of a call that could be run; ``None`` where it is refused (its failure is noted)."""
        judged = judge(log.state, call, tool, self._policy)
        if call.stage not in (CallStage.ASKED, CallStage.APPROVED):
            return judged
        why = judged.verdict.why if judged.verdict.decision is Decision.DENY else None
        if why is None and not _is_free(log.state, judged) and call.approval_id is None:
            why = is_refused(log.state, judged)
        if why is not None:
            self._refuse(log, judged, why)
            return None
        if call.stage is CallStage.APPROVED and call.approval_id is not None:
            note = why_void(log.state, judged)
            if note is not None:
                log.note(ev.ApprovalDecided(approval_id=call.approval_id, decision="void", by="system", note=note))
        return judged

    def _refuse(self, log: TaskLog, judged: Judged, why: str) -> None:
        message = f"{why}. Nothing was done. Do not repeat it."
        label = join(judged.decided, *judged.labels.values())
        call = judged.call.call
        log.note(ev.ToolFailed(call_id=call.id, tool=call.tool, error="refused", message=message, label=label))

    def _refusal(self, call: CallState, tool: Tool | None) -> tuple[str, str] | None:
        """Why a call cannot be run at all: a word for programs, a sentence for the model."""
        if tool is None:
            return "unknown_tool", f"There is no tool {call.call.tool!r}; there are: {', '.join(self._tools)}."
        if call.call.malformed is not None:
            return "malformed_arguments", "The arguments were not a JSON object; nothing was done."
        if call.denied is not None:
            return "denied", f"A person did not allow this call ({call.denied}); nothing was done. Do not repeat it."
        try:
            tool.check(call.call.args)
        except InvalidArguments as error:
            return "invalid_arguments", f"{error} Nothing was done."
        return None

    def _objection(self, log: TaskLog, call: CallState) -> tuple[str, str] | None:
        if call.stage is CallStage.SENT:
            return None
        objection = self._guard.stops(log, call.call.id, call.call.tool, call.call.args)
        return None if objection is None else ("stopped_by_guard", f"{objection.why} Nothing was done.")

    def _ask_for_word(self, log: TaskLog, calls: list[Judged]) -> None:
        fresh = [judged for judged in calls if judged.call.approval_id is None]
        if fresh:
            log.note(request_approval(log.state, fresh, self._approval_terms))

    async def _read(self, log: TaskLog, judged: Judged) -> None:
        outcome = await self._invoker.invoke(log, judged.call, judged.tool)
        self._take(log, judged.call, outcome.as_failure(judged.call, judged.tool) if isinstance(outcome, Unknown) else outcome)

    def _take(self, log: TaskLog, call: CallState, outcome: ev.ToolCompleted | ev.ToolFailed | Question) -> None:
        if isinstance(outcome, Question):
            self._questions[call.call.id] = outcome.text
        else:
            log.note(outcome)

    async def _effects(self, log: TaskLog, effects: list[Judged], first_intended: bool) -> None:
        """One after the other; mail that came in meanwhile (a pause, say) is read before the next is sent."""
        for place, judged in enumerate(effects):
            if place and log.mail:
                return
            await self._effect(log, judged, intended=place == 0 and first_intended)

    async def _effect(self, log: TaskLog, judged: Judged, *, intended: bool) -> None:
        """Send an effect once its intent is on disk; an end without a known result is settled by the rule of doubt."""
        call = judged.call
        why = "The worker stopped before the result was recorded."
        while intended or call.stage is not CallStage.SENT or await settle(log, judged, self._invoker, why):
            if not intended:
                intend(log, judged)
                await log.commit()
            intended = False
            log.ensure_held()
            outcome = await self._invoker.invoke(log, call, judged.tool)
            if isinstance(outcome, Question):
                by = f"tool:{judged.tool.name}"
                log.note(ev.ToolReconciled(call_id=call.call.id, tool=judged.tool.name, verdict="not_happened", by=by))
            if not isinstance(outcome, Unknown):
                self._take(log, call, outcome)
                break
            why = outcome.why
        await log.commit()

    def rest_if_open(self, log: TaskLog) -> None:
        """Where calls are left open, say what the task waits for: doubt first, then approvals, then answers."""
        if log.state.waiting is not None:
            return
        left = log.state.open_calls
        doubtful = tuple(call.call.id for call in left if call.stage is CallStage.IN_DOUBT)
        pending = [a for a in log.state.approvals.values() if a.status is ApprovalStatus.PENDING]
        asked = [call_id for call_id in self._questions if any(call.call.id == call_id for call in left)]
        if doubtful:
            log.note(ev.TaskWaiting(reason=WaitingReason.IN_DOUBT, calls=doubtful))
        elif pending:
            wake_at = next_look(pending)
            ids = tuple(approval.id for approval in pending)
            log.note(ev.TaskWaiting(reason=WaitingReason.APPROVAL, approvals=ids, wake_at=wake_at))
        elif asked:
            question = self._questions[asked[0]]
            log.note(ev.TaskWaiting(reason=WaitingReason.INPUT, question=question, calls=(asked[0],)))


def _is_free(state: TaskState, judged: Judged) -> bool:
    if judged.call.stage in (CallStage.APPROVED, CallStage.SENT):
        return True
    return not judged.asks or is_standing(state, judged)


async def _together(work: Sequence[Awaitable[None]]) -> None:
    """Run at once; a single piece of work needs no task of its own. If one fails, the others are broken off and its error is
    raised; one of the journal's comes first, since it tells that nothing more can be written."""
    if len(work) == 1:
        await work[0]
        return
    try:
        async with asyncio.TaskGroup() as group:
            for piece in work:
                group.create_task(_as_coroutine(piece))
    except* Exception as failed:
        errors = failed.exceptions
    else:
        return
    raise next((error for error in errors if isinstance(error, StaleLease | StorageError)), errors[0])


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work
