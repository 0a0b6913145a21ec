"""``recall``: search what was remembered."""

import re
from typing import Annotated, Any

from pydantic import Field

from journal.values import SourceRef
from memory.items import Query, Recalled
from tools.decorator import tool
from tools.errors import InvalidArguments
from tools.types import ToolContext, ToolOutput
from trust.labels import Label, Trust, Visibility, join

# A document must not pass for another one: no line of a passage may look like the head of the next.
_LIKE_A_HEAD = re.compile(r"^(?=\[\d+\] )", re.MULTILINE)
_OWN = Label(sources=("tool:recall",), trust=Trust.TRUSTED, visibility=Visibility.PRIVATE)


@tool(read_only=True, idempotent=True, open_world=False, preview_chars=24_000)
async def recall(
    query: Annotated[str, Field(description="What to look for, in the words the documents may use.")],
    context: ToolContext,
    k: Annotated[int, Field(ge=1, le=50, description="How many passages to return at most.")] = 8,
) -> ToolOutput:
    """Search the documents and notes in memory. Each passage comes with its source and position, so that it can be cited."""
    if not query.strip():
        raise InvalidArguments("`query` is empty.")
    hits = await context.memory.search(context.tenant, Query(query, k=k, namespaces=context.namespaces))
    if not hits:
        return ToolOutput("Nothing found.", data=[], label=_OWN)
    return ToolOutput(
        "\n\n".join(_passage(number, hit) for number, hit in enumerate(hits, 1)),
        data=[_hit(hit) for hit in hits],
        label=join(_OWN, *(hit.item.label for hit in hits)),
        sources=tuple(dict.fromkeys(_source(hit) for hit in hits)),
    )


def _source(hit: Recalled) -> SourceRef:
    return SourceRef(source=hit.item.source, position=hit.item.position, label=hit.item.label)


def _passage(number: int, hit: Recalled) -> str:
    place = " · ".join(filter(None, (hit.item.source, hit.item.position, hit.item.heading)))
    return f"[{number}] {place}\n{_LIKE_A_HEAD.sub(' ', hit.item.text)}"


def _hit(hit: Recalled) -> dict[str, Any]:
    item = hit.item
    return {
        "id": item.id,
        "text": item.text,
        "source": item.source,
        "position": item.position,
        "heading": item.heading,
        "score": hit.score,
        "why": hit.why,
        "label": item.label.model_dump(mode="json"),
    }
