"""The chores of a beat. ``serve`` and every other process with a beat take them from here."""

from datetime import UTC, datetime, timedelta

from agents.runtime import Runtime
from workers.admission import Admission
from workers.beat import Chore
from workers.settings import WorkerSettings
from workers.sweeper import Bell, Sweeper

_DELIVER_SECONDS = 1.0
_TIDY_SECONDS = 3600.0


def chores(runtime: Runtime, bell: Bell, admission: Admission, settings: WorkerSettings) -> tuple[Chore, ...]:
    """All there is to do. ``admission`` knows what this process works on already, where it is a worker too."""
    sweeper = Sweeper(runtime.journal, bell, admission, limit=settings.concurrency)
    return (
        Chore("looking for runnable tasks", settings.sweep_seconds, sweeper.sweep),
        Chore("delivering to webhooks", _DELIVER_SECONDS, runtime.webhooks.deliver_due),
        Chore("dropping old deliveries", _TIDY_SECONDS, runtime.webhooks.purge),
        Chore("firing schedules", settings.sweep_seconds, runtime.schedules.firing.tick),
        Chore("forgetting old fires", _TIDY_SECONDS, runtime.schedules.firing.tidy),
        Chore("forgetting old idempotency keys", _TIDY_SECONDS, lambda: _forget_keys(runtime)),
    )


async def _forget_keys(runtime: Runtime) -> None:
    days = timedelta(days=runtime.settings.journal.idempotency_days)
    await runtime.journal.forget_idempotency_keys(datetime.now(UTC) - days)
