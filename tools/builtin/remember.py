"""``remember``: keep a note for later tasks.

The source of each note ends in a digest of its text: a second note must not replace the first, and the same note twice is one.
Notes are untrusted, whoever asked for them: a model wrote them down, perhaps after reading what others wrote.
"""

from typing import Annotated

from pydantic import Field

from memory.items import Document
from tools.decorator import tool
from tools.errors import InvalidArguments
from tools.types import ToolContext
from trust.digest import digest
from trust.labels import Label, Trust, Visibility

NAMESPACE = "notes"


@tool(idempotent=True, destructive=False, open_world=False, trust="trusted")
async def remember(
    text: Annotated[str, Field(description="The note, understandable on its own.")],
    context: ToolContext,
    source: Annotated[
        str, Field(min_length=1, max_length=200, description="Where it comes from; shown when it is recalled.")
    ] = "note",
) -> str:
    """Keep a note in memory, where later tasks can recall it."""
    if not text.strip():
        raise InvalidArguments("`text` is empty.")
    name = f"{source} {digest(text)[:8]}"
    label = Label(sources=(f"memory:{source}", "tool:remember"), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
    await context.memory.add(context.tenant, NAMESPACE, [Document(text, name, label)])
    return f"Remembered as `{name}`."
