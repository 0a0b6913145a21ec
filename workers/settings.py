"""Settings of workers: ``[worker]``."""

from pydantic import BaseModel, ConfigDict, Field


class WorkerSettings(BaseModel):
    """One worker process. ``concurrency`` is how many tasks it runs at once; further ones wait their turn.

    ``pool_threads`` only take messages off the broker: the tasks themselves share one event loop. Every
    ``sweep_seconds`` the journal is searched for tasks that nobody holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int = Field(256, ge=1, le=10_000)
    pool_threads: int = Field(4, ge=1, le=64)
    sweep_seconds: float = Field(1.0, ge=0.1, le=60.0)
