"""Settings of the REST API: ``[api]``."""

from pydantic import BaseModel, ConfigDict, Field


class ApiSettings(BaseModel):
    """``[api]``. Limits are bytes of one request's body, counted as they arrive.

    ``allowed_hosts`` are further names this server may be called by; addresses, ``localhost`` and ``host`` always may.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8400, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    max_body_bytes: int = Field(2_000_000, ge=1)
    max_upload_bytes: int = Field(50_000_000, ge=1)
    heartbeat_seconds: float = Field(15.0, gt=0)
    docs: bool = True
