"""Settings of memory: ``[memory]``."""

from pydantic import BaseModel, ConfigDict, Field


class MemorySettings(BaseModel):
    """Limits of ingestion: bytes of one file, and how many characters a chunk should have at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_file_bytes: int = Field(50_000_000, ge=1)
    chunk_chars: int = Field(1200, ge=100)
