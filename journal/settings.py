"""The journal's own settings."""

from pydantic import BaseModel, ConfigDict, Field


class JournalSettings(BaseModel):
    """``[journal]``. A worker that dies is noticed after ``lease_seconds``; blobs start at ``journal.store.BLOB_BYTES``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease_seconds: float = Field(6.0, ge=2.0, le=3600.0)
