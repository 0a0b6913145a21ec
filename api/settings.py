"""Settings of the REST API: ``[api]``."""

from pydantic import BaseModel, ConfigDict, Field


class ApiSettings(BaseModel):
    """``[api]``. Limits of bytes are for one request's body, counted as it arrives.

    ``requests_per_minute`` is for each key that has no limit of its own; 0 means no limit. ``allowed_hosts`` are further
    names this server may be called by; addresses, ``localhost`` and ``host`` always may.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8400, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    max_body_bytes: int = Field(2_000_000, ge=1)
    max_upload_bytes: int = Field(50_000_000, ge=1)
    requests_per_minute: int = Field(30_000, ge=0)
    heartbeat_seconds: float = Field(15.0, gt=0)
    docs: bool = True
