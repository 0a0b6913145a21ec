"""The journal's own settings."""

from pydantic import BaseModel, ConfigDict, Field


class JournalSettings(BaseModel):
    """``[journal]``. A worker that dies is noticed after ``lease_seconds``; blobs start at ``journal.store.BLOB_BYTES``.

    A task at which ``max_takeovers`` workers in a row have died, without progress, is abandoned. At most
    ``tenant_concurrency`` tasks of one tenant are at work at once, in all processes together; 0 is any number.

    An ``Idempotency-Key`` stands for its task for ``idempotency_days``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease_seconds: float = Field(6.0, ge=2.0, le=3600.0)
    max_takeovers: int = Field(5, ge=1, le=100)
    tenant_concurrency: int = Field(0, ge=0)
    idempotency_days: float = Field(7.0, gt=0)
