"""``now``: the time of day."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from tools.decorator import tool
from tools.errors import ToolError


@tool(read_only=True, idempotent=False, open_world=False, trust="trusted", visibility="public", timeout_seconds=10)
def now(timezone: Annotated[str, Field(description="An IANA name such as `Europe/Berlin`.")] = "UTC") -> str:
    """The date and time now, in ISO 8601 with the offset from UTC, then the day of the week."""
    try:
        zone = ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise ToolError(f"`{timezone}` is not a time zone; use an IANA name such as `Europe/Berlin`.") from None
    moment = datetime.now(zone)
    return f"{moment.isoformat(timespec='seconds')} {moment:%A}"
