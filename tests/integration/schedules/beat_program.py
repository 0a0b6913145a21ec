"""A beat over a database, whose clock runs faster: ``beat_program.py DATABASE_URL HOME START SPEED`` (in Unix seconds)."""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from agents.runtime import Runtime
from agents.scheduling.schedules import Schedules
from agents.settings import RuntimeSettings
from workers.beat import Beat, Chore


def fast_clock(start: float, speed: float) -> Callable[[], datetime]:
    """Says ``start`` at ``start``, and runs ``speed`` times as fast as time does."""
    return lambda: datetime.fromtimestamp(start + (time.time() - start) * speed, UTC)


async def main(url: str, home: str, start: float, speed: float) -> None:
    runtime = await Runtime.open(RuntimeSettings(home=Path(home), database_url=SecretStr(url)))

    schedules = Schedules(runtime.database, runtime, agents=(), clock=fast_clock(start, speed))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await Beat((Chore("firing schedules", 0.02, schedules.firing.tick),)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
