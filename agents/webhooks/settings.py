"""Settings of webhooks: ``[webhooks]``."""

from pydantic import BaseModel, ConfigDict, Field

_MINUTE, _HOUR = 60.0, 3600.0


class WebhookSettings(BaseModel):
    """``allow`` lists hosts, ``host:port`` or CIDR blocks that may be told although they are private.

    ``retry_seconds`` are the waits before each further attempt: about three days in all. A rotated secret goes on
    signing for ``rotation_hours``; deliveries that ended are kept for ``keep_days``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()
    timeout_seconds: float = Field(15.0, gt=0, le=120)
    retry_seconds: tuple[float, ...] = (
        5.0,
        5 * _MINUTE,
        30 * _MINUTE,
        2 * _HOUR,
        5 * _HOUR,
        10 * _HOUR,
        14 * _HOUR,
        20 * _HOUR,
        24 * _HOUR,
    )
    rotation_hours: float = Field(24.0, ge=0)
    keep_days: float = Field(30.0, gt=0)
