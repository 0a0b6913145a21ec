"""Settings of memory: ``[memory]``."""

from pydantic import BaseModel, ConfigDict, Field

QDRANT_KEY_VARIABLE = "QDRANT_API_KEY"
"""May be unset: a server on the same machine wants no key."""


class MemorySettings(BaseModel):
    """Limits of ingestion: bytes of one file, and how many characters a chunk should have at most.

    Of a Qdrant server: the ``collection`` that holds all of it, and the variable that holds the server's key, never the key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_file_bytes: int = Field(50_000_000, ge=1)
    chunk_chars: int = Field(1200, ge=100)
    collection: str = Field("journeyman", pattern=r"^[A-Za-z0-9_-]{1,200}$")
    qdrant_api_key_env: str = QDRANT_KEY_VARIABLE
