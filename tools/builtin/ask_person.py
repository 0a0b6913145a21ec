"""``ask_person``: a question that only the person can answer."""

from typing import Annotated

from pydantic import Field

from tools.decorator import tool
from tools.errors import InvalidArguments, NeedsInput
from tools.types import ToolContext, ToolOutput
from trust.labels import USER


@tool(read_only=True, open_world=False)
async def ask_person(question: Annotated[str, Field(description="One clear question.")], context: ToolContext) -> ToolOutput:
    """Ask the person who gave the goal a question, and wait for the answer. Only for what no other tool can find out."""
    if not question.strip():
        raise InvalidArguments("`question` is empty.")
    if context.reply is None:
        raise NeedsInput(question)
    return ToolOutput(context.reply, label=USER)
