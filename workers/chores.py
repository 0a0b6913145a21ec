"""The chores of a beat. ``serve``, ``worker`` and ``beat`` take them from here."""

from datetime import UTC, datetime, timedelta

from agents.runtime import Runtime
from workers.admission import Admission
from workers.beat import Chore
from workers.settings import WorkerSettings
from workers.sweeper import Sweeper
from workers.worker import Worker

_DELIVER_SECONDS = 1.0
_TIDY_SECONDS = 3600.0


def chores(runtime: Runtime, settings: WorkerSettings) -> tuple[Chore, ...]:
    """What any process may do for all of them."""
    return (
        Chore("delivering to webhooks", _DELIVER_SECONDS, runtime.webhooks.deliver_due),
        Chore("dropping old deliveries", _TIDY_SECONDS, runtime.webhooks.purge),
        Chore("firing schedules", settings.sweep_seconds, runtime.schedules.firing.tick),
        Chore("forgetting old fires", _TIDY_SECONDS, runtime.schedules.firing.tidy),
        Chore("forgetting old idempotency keys", _TIDY_SECONDS, lambda: _forget_keys(runtime)),
    )


def sweeping(runtime: Runtime, worker: Worker, admission: Admission, settings: WorkerSettings) -> Chore:
    """What each worker does for itself: look in the journal for work."""
    sweeper = Sweeper(runtime, worker.take, admission)
    return Chore("looking for runnable tasks", settings.sweep_seconds, sweeper.sweep, sweeper.room)


async def _forget_keys(runtime: Runtime) -> None:
    days = timedelta(days=runtime.settings.journal.idempotency_days)
    await runtime.journal.forget_idempotency_keys(datetime.now(UTC) - days)
