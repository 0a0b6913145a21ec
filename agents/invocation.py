"""One call of one tool: what it is handed, how long it may take, and what its end means."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from agents.guard.guard import Guard
from agents.task_log import TaskLog
from agents.vault import Vault
from journal import events as ev
from journal.call_state import CallState
from journal.crash_points import reach
from journal.store import Journal
from journal.values import ToolResult
from memory.items import Memory
from tools.errors import NeedsInput, StopTask, ToolError
from tools.preview import preview
from tools.types import HttpFetch, Tool, ToolContext, ToolOutput
from trust.labels import SYSTEM, Label, is_from_outside, join


@dataclass(frozen=True, slots=True)
class Question:
    """The call needs a person's answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call ended in a way that does not tell whether it did its work."""

    why: str
    seconds: float

    def as_failure(self, call: CallState, tool: Tool) -> ev.ToolFailed:
        """For a call that only reads it does not matter whether it happened; the model is told what went wrong."""
        return ev.ToolFailed(
            call_id=call.call.id,
            tool=tool.name,
            error="fault",
            message=self.why,
            label=_with_arguments(tool.label, call),
            seconds=self.seconds,
        )


def _with_arguments(label: Label, call: CallState) -> Label:
    """A result may repeat what it was asked; the person's own words and the plan's need no mark for that."""
    return join(label, *(given for given in (call.labels or {}).values() if is_from_outside(given)))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of a process share. ``workspaces`` is the folder that holds each task's own."""

    journal: Journal
    memory: Memory
    http: HttpFetch
    workspaces: Path
    guard: Guard
    vault: Vault


class Invoker:
    """Calls tools and turns every way a call can end into an event, a question or the word that it is unknown."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    async def invoke(self, log: TaskLog, call: CallState, tool: Tool) -> ev.ToolCompleted | ev.ToolFailed | Question | Unknown:
        """Call once. Raises ``StopTask``; being cancelled or interrupted passes through."""
        started = time.monotonic()
        if (stopped := await self._stopped(log, call, tool)) is not None:
            return stopped
        try:
            async with asyncio.timeout(self._seconds(log, tool)):
                context = await self._context(log, call, tool)
                reach("tool.sending", tool.name)
                output = await tool.run(context, call.call.args)
                reach("tool.returned", tool.name)
        except NeedsInput as need:
            return Question(self._clean(need.question))
        except ToolError as error:
            return await self._failed(log, call, tool, error, time.monotonic() - started)
        except StopTask:
            raise
        except TimeoutError:
            seconds = time.monotonic() - started
            return Unknown(f"{tool.name} gave no answer within {seconds:.0f} seconds.", seconds)
        except Exception as error:
            why = f"{tool.name} failed: {type(error).__name__}: {error}"
            return Unknown(self._clean(why), time.monotonic() - started)
        return await self._completed(log, call, tool, output, time.monotonic() - started)

    async def _stopped(self, log: TaskLog, call: CallState, tool: Tool) -> ev.ToolFailed | None:
        """A validator's objection, to a call that was never sent: of one that was it is not known that nothing was done."""
        if call.attempts > 1:
            return None
        objection = await self._around.guard.arguments(log, call.call.id, tool.name, call.call.args)
        if objection is None:
            return None
        why = f"{objection.why} Nothing was done."
        return ev.ToolFailed(call_id=call.call.id, tool=tool.name, error="stopped_by_guard", message=why, label=SYSTEM)

    async def reconcile(self, log: TaskLog, call: CallState, tool: Tool) -> ev.ToolCompleted | Unknown | None:
        """Ask the tool whether a sent call happened: its result if so, ``None`` if not, ``Unknown`` if it cannot tell."""
        if tool.reconcile is None:
            return Unknown(f"{tool.name} cannot tell whether it happened.", 0.0)
        try:
            async with asyncio.timeout(tool.timeout_seconds):
                reach("tool.reconciling", tool.name)
                output = await tool.reconcile(await self._context(log, call, tool), call.call.args)
                reach("tool.reconciled", tool.name)
        except Exception as error:
            return Unknown(self._clean(f"{tool.name} could not tell whether it happened: {error}"), 0.0)
        return None if output is None else await self._completed(log, call, tool, output, 0.0)

    def _seconds(self, log: TaskLog, tool: Tool) -> float:
        left = log.state.submitted.budget.max_seconds - log.seconds_used()
        return max(0.001, min(tool.timeout_seconds, left))

    async def _completed(
        self, log: TaskLog, call: CallState, tool: Tool, output: ToolOutput, seconds: float
    ) -> ev.ToolCompleted:
        label = output.label or tool.label
        screened = await self._around.guard.screen.output(log, call.call.id, f"result of {tool.name}", output, label)
        content = screened.content
        if call.edited:
            content = f"(A person changed the arguments to {call.call.args}.)\n{content}"
        return ev.ToolCompleted(
            call_id=call.call.id,
            tool=tool.name,
            result=ToolResult(
                content=content,
                data=screened.data,
                label=_with_arguments(label, call),
                sources=output.sources,
            ),
            seconds=round(seconds, 3),
            shown=preview(content, tool.preview_chars, handle=str(log.state.last_seq + 1)),
        )

    async def _failed(self, log: TaskLog, call: CallState, tool: Tool, error: ToolError, seconds: float) -> ev.ToolFailed:
        where = f"error of {tool.name}"
        return ev.ToolFailed(
            call_id=call.call.id,
            tool=tool.name,
            error=type(error).__name__,
            message=await self._around.guard.screen.text(log, call.call.id, where, str(error), tool.label),
            label=_with_arguments(tool.label, call),
            seconds=round(seconds, 3),
        )

    def _clean(self, text: str) -> str:
        return self._around.guard.screen.line(text)

    async def _context(self, log: TaskLog, call: CallState, tool: Tool) -> ToolContext:
        state = log.state
        secrets = await self._around.vault.secrets_of(tool, state.tenant, state.submitted.owner) if tool.secrets else {}
        return ToolContext(
            task_id=state.id,
            tenant=state.tenant,
            call_id=call.call.id,
            idempotency_key=call.intent_key or "",
            workspace=self._around.workspaces / state.id,
            memory=self._around.memory,
            http=self._around.http,
            namespaces=state.submitted.namespaces,
            read_result=lambda handle, offset, limit: self._read_result(state.tenant, state.id, handle, offset, limit),
            reply=call.reply,
            secrets=secrets,
        )

    async def _read_result(self, tenant: str, task_id: str, handle: str, offset: int, limit: int) -> str:
        """A piece of an earlier result of the same task; its handle is the seq of its event."""
        found = await self._around.journal.read(tenant, task_id, after=int(handle) - 1, limit=1) if handle.isdigit() else []
        if not found or not isinstance(found[0].data, ev.ToolCompleted):
            raise ToolError(f"There is no stored result {handle!r} in this task.")
        return found[0].data.result.content[offset : offset + limit]
