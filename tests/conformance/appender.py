"""A process that appends for several tasks without end and says on stdout what was acknowledged: ``TASK SEQ`` on a line each.

``python appender.py URL TASKS``. A commit that the database refuses ends the task it was for; others, and new ones, go on.
"""

import asyncio
import sys

from journal.errors import StaleLease, StorageError
from journal.sql_store import open_journal
from tests.integration.journal.holding import REQUESTED, STARTED, Holder, completed, returned


async def main(url: str, tasks: int) -> None:
    journal = await open_journal(url, lease_seconds=0.2)

    async def work() -> None:
        while True:
            try:
                await append_for_ever()
            except (StorageError, StaleLease):
                sys.stdout.write("refused\n")
                sys.stdout.flush()

    async def append_for_ever() -> None:
        holder = await Holder.new(journal, owner="doomed")
        await holder.append(STARTED, REQUESTED)
        step = 0
        while True:
            step += 1
            for data in ([completed(f"c{step}")], [returned("x" * (step * 37 % 9000), f"c{step}"), REQUESTED]):
                await holder.append(*data)
                sys.stdout.write(f"{holder.state.id} {holder.state.last_seq}\n")
                sys.stdout.flush()

    await asyncio.gather(*(work() for _ in range(tasks)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
