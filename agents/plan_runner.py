"""Running a plan: what its planner says should be under way is kept under way, each piece by itself."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from agents.asking import Asker
from agents.executor import Executor
from agents.inbox import absorb
from agents.interruption import Interrupted
from agents.subtasks import Subtasks, rest_for_children
from agents.task_log import TaskLog
from journal.errors import JourneymanError, StaleLease, StorageError
from planners.planner import Planner, Record, Run


async def carry_out(log: TaskLog, planner: Planner, asker: Asker, executor: Executor, subtasks: Subtasks) -> None:
    """Run pieces until the planner's next move is of another kind, or the task should rest or stop.

    With each end of a piece its event is committed and the planner asked again, so what has become ready starts while the
    rest goes on. A pause starts nothing more and lets what runs come to its end; a cancel breaks it off.
    """
    running = _Running(log, planner, asker, executor, subtasks)
    try:
        async with log.interruption:
            while running.keep_going():
                await log.commit()
                await running.until_one_ends()
                running.absorb()
            await running.until_all_end()
    except Interrupted:
        return
    finally:
        await running.break_off()


class _Running:
    """What of one plan is under way here."""

    def __init__(self, log: TaskLog, planner: Planner, asker: Asker, executor: Executor, subtasks: Subtasks) -> None:
        self._log = log
        self._planner = planner
        self._asker = asker
        self._executor = executor
        self._subtasks = subtasks
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._looked_at: set[str] = set()
        """Steps whose child tasks were looked at since mail came; they go on elsewhere."""

    def keep_going(self) -> bool:
        """Start what should be under way and is not. ``False`` when nothing is left to wait for here."""
        log = self._log
        while not (log.state.ended or log.state.waiting):
            seq = log.state.last_seq
            move = self._planner.next(log.state)
            if isinstance(move, Record):
                for event in move.events:
                    log.note(event)
                continue
            if not isinstance(move, Run):
                return bool(self._under_way)
            for name, work in self._new_pieces(move):
                self._under_way[name] = asyncio.create_task(work, name=f"{log.state.id} {name}")
            if self._under_way:
                return True
            if log.state.last_seq == seq:
                self._rest()
                return False
        return False

    def absorb(self) -> None:
        """Take in mail; it may tell of a child task's end."""
        if self._log.mail:
            self._looked_at.clear()
        absorb(self._log)

    async def until_one_ends(self) -> None:
        """Raises what a piece raised, behind the end of the others; where the journal cannot be written, at once."""
        await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
        try:
            self._collect()
        except (StaleLease, StorageError):
            raise
        except JourneymanError:
            await self.until_all_end()
            raise

    async def until_all_end(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way.values())
            self._collect()

    async def break_off(self) -> None:
        for work in self._under_way.values():
            work.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    def _new_pieces(self, move: Run) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        fresh = [call for call in (*move.calls, *move.ahead) if call.call.id not in self._under_way]
        due = {call.call.id for call in move.calls}
        for judged in self._executor.admit(self._log, fresh):
            if judged.call.call.id in due:
                yield judged.call.call.id, self._behind_commit(self._executor.perform(self._log, judged))
        for ask in move.asks:
            if (name := f"ask {ask.step}") not in self._under_way:
                yield name, self._asker.ask(self._log, ask)
        for order in move.delegations:
            if (name := f"delegate {order.step}") not in self._under_way and order.step not in self._looked_at:
                self._looked_at.add(order.step)
                yield name, self._subtasks.look_after(self._log, order)

    async def _behind_commit(self, work: Coroutine[Any, Any, None]) -> None:
        """Nothing leaves the process before what led to it is on disk."""
        try:
            await self._log.commit()
        except BaseException:
            work.close()
            raise
        await work

    def _rest(self) -> None:
        """Say what the task waits for: people first, then its children."""
        self._executor.rest_if_open(self._log)
        if self._log.state.waiting is None:
            rest_for_children(self._log)

    def _collect(self) -> None:
        """Forget what has ended. Raises what one of them raised."""
        for name in [name for name, work in self._under_way.items() if work.done()]:
            self._under_way.pop(name).result()
