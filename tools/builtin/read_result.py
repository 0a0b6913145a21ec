"""``read_result``: the rest of a result that was too long to show at once."""

from typing import Annotated

from pydantic import Field

from tools.decorator import tool
from tools.errors import ToolError
from tools.types import ToolContext

MAX_CHARS = 20_000


@tool(read_only=True, idempotent=True, open_world=False, preview_chars=MAX_CHARS)
async def read_result(
    handle: Annotated[str, Field(description="The handle given in the shortened result.")],
    context: ToolContext,
    offset: Annotated[int, Field(ge=0, description="The first character to read, from 0.")] = 0,
    limit: Annotated[int, Field(ge=1, le=MAX_CHARS, description="How many characters to read.")] = 8000,
) -> str:
    """Read on in an earlier result of which only the beginning and the end were shown."""
    if context.read_result is None:
        raise ToolError("There are no stored results to read here.")
    return await context.read_result(handle, offset, limit)
