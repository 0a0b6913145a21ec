"""Running a plan: what its planner says should be under way is kept under way, each piece by itself."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from agents.asking import Asker
from agents.executor import Executor
from agents.inbox import absorb
from agents.interruption import Interrupted
from agents.task_log import TaskLog
from planners.planner import Planner, Record, Run

UnderWay = dict[str, "asyncio.Task[None]"]


async def carry_out(log: TaskLog, planner: Planner, asker: Asker, executor: Executor) -> None:
    """Run pieces until the planner's next move is of another kind, or the task should rest or stop.

    With each end of a piece its event is committed and the planner asked again, so what has become ready starts while the
    rest goes on. A pause starts nothing more and lets what runs come to its end; a cancel breaks it off.
    """
    under_way: UnderWay = {}
    try:
        async with log.interruption:
            while _keep_going(log, planner, asker, executor, under_way):
                await log.commit()
                await _until_one_ends(under_way)
                absorb(log)
            await _until_all_end(under_way)
    except Interrupted:
        return
    finally:
        await _break_off(under_way)


def _keep_going(log: TaskLog, planner: Planner, asker: Asker, executor: Executor, under_way: UnderWay) -> bool:
    """Start what should be under way and is not. ``False`` when nothing is left to wait for here."""
    while not (log.state.ended or log.state.waiting):
        seq = log.state.last_seq
        move = planner.next(log.state)
        if isinstance(move, Record):
            for event in move.events:
                log.note(event)
            continue
        if not isinstance(move, Run):
            return bool(under_way)
        for name, work in _new_pieces(log, move, asker, executor, under_way):
            under_way[name] = asyncio.create_task(work, name=f"{log.state.id} {name}")
        if under_way:
            return True
        if log.state.last_seq == seq:
            executor.rest_if_open(log)
            return False
    return False


def _new_pieces(
    log: TaskLog, move: Run, asker: Asker, executor: Executor, under_way: UnderWay
) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    fresh = [call for call in (*move.calls, *move.ahead) if call.call.id not in under_way]
    due = {call.call.id for call in move.calls}
    for judged in executor.admit(log, fresh):
        if judged.call.call.id in due:
            yield judged.call.call.id, _behind_commit(log, executor.perform(log, judged))
    for ask in move.asks:
        if f"ask {ask.step}" not in under_way:
            yield f"ask {ask.step}", asker.ask(log, ask)


async def _behind_commit(log: TaskLog, work: Coroutine[Any, Any, None]) -> None:
    """Nothing leaves the process before what led to it is on disk."""
    try:
        await log.commit()
    except BaseException:
        work.close()
        raise
    await work


async def _until_one_ends(under_way: UnderWay) -> None:
    await asyncio.wait(under_way.values(), return_when=asyncio.FIRST_COMPLETED)
    _collect(under_way)


async def _until_all_end(under_way: UnderWay) -> None:
    if under_way:
        await asyncio.wait(under_way.values())
        _collect(under_way)


def _collect(under_way: UnderWay) -> None:
    """Forget what has ended. Raises what one of them raised; the others are then broken off."""
    for name in [name for name, work in under_way.items() if work.done()]:
        under_way.pop(name).result()


async def _break_off(under_way: UnderWay) -> None:
    for work in under_way.values():
        work.cancel()
    if under_way:
        await asyncio.wait(under_way.values())
