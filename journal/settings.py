"""The journal's own settings."""

from pydantic import BaseModel, ConfigDict, Field


class JournalSettings(BaseModel):
    """``[journal]``. A worker that dies is noticed after ``lease_seconds``; blobs start at ``journal.store.BLOB_BYTES``.

    An ``Idempotency-Key`` stands for its task for ``idempotency_days``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease_seconds: float = Field(6.0, ge=2.0, le=3600.0)
    idempotency_days: float = Field(7.0, gt=0)
