"""The loop: one task, from where its journal stands to its next rest or its end."""

from agents.asking import Asker
from agents.endings import ending_of
from agents.executor import Executor
from agents.guard.answers import conclude
from agents.guard.guard import Guard
from agents.inbox import absorb
from agents.plan_runner import carry_out
from agents.subtasks import Subtasks
from agents.task_log import TaskLog
from journal.errors import JourneymanError, StaleLease, StorageError
from planners.planner import Act, Ask, Finish, GiveUp, Planner, Record, Run


async def run(log: TaskLog, planner: Planner, asker: Asker, executor: Executor, subtasks: Subtasks, guard: Guard) -> None:
    """Take what people sent, choose the next move, make it; until the task rests or ends.

    Every move notes events; they are on disk before anything that follows from them leaves the process. Raises
    ``StaleLease`` and ``StorageError``: then nothing more can be written, and whoever claims the task next goes on.
    """
    while True:
        log.ensure_held()
        absorb(log)
        if log.stopped() or log.state.ended or log.state.waiting:
            await log.commit()
            if log.mail:
                continue
            return
        try:
            await move(log, planner, asker, executor, subtasks, guard)
        except (StaleLease, StorageError):
            raise
        except JourneymanError as error:
            log.note(ending_of(error))


async def move(log: TaskLog, planner: Planner, asker: Asker, executor: Executor, subtasks: Subtasks, guard: Guard) -> None:
    """Make the planner's next move."""
    match planner.next(log.state):
        case Ask() as question:
            await asker.ask(log, question)
        case Act(calls):
            await executor.act(log, calls)
        case Run():
            await carry_out(log, planner, asker, executor, subtasks)
        case Record(events):
            for event in events:
                log.note(event)
        case Finish() as finish:
            await conclude(log, finish, guard, asker)
        case GiveUp() as end:
            log.note(ending_of(end))
