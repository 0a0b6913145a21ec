"""Settings of workers: ``[worker]``."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]

DEFAULT_QUEUE = "default"


class WorkerSettings(BaseModel):
    """One worker process. ``concurrency`` is how many tasks it runs at once; further ones wait their turn.

    ``queues`` are those it serves (none: all there are); ``queue_prefix`` keeps installations apart that share a broker.
    ``pool_threads`` only take messages off the broker: the tasks themselves share one event loop. Every
    ``sweep_seconds`` the journal is searched for tasks that nobody holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int = Field(256, ge=1, le=10_000)
    queues: tuple[QueueName, ...] = ()
    queue_prefix: QueueName = "journeyman"
    pool_threads: int = Field(4, ge=1, le=64)
    sweep_seconds: float = Field(1.0, ge=0.1, le=60.0)

    def queue_named(self, queue: str = DEFAULT_QUEUE) -> str:
        """The broker's name of a queue."""
        return f"{self.queue_prefix}.{queue}"
