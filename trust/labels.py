"""Where a value came from, whether its authors are trusted, and who may see it.

Labels only ever join downwards: a value made from several others carries every source, is trusted
only if all of them are, and is as private as the most private one.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Trust(StrEnum):
    """Whether the authors of a value may give instructions."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Visibility(StrEnum):
    """Who may see a value: the world, or only the tenant it belongs to."""

    PUBLIC = "public"
    PRIVATE = "private"


def _sorted_unique(sources: Iterable[str]) -> tuple[str, ...]:
    if isinstance(sources, str):
        raise ValueError("sources is a list of names, not one string")
    return tuple(sorted(set(sources)))


class Label(BaseModel):
    """The label every value carries, in the journal and in memory payloads alike.

    ``sources`` are ``user``, ``system``, ``tool:NAME`` or ``memory:SOURCE``; they are written ``from``
    in JSON, sorted and without repeats, so equal labels have equal JSON.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    sources: Annotated[tuple[str, ...], BeforeValidator(_sorted_unique)] = Field(alias="from")
    trust: Trust
    visibility: Visibility


USER = Label(sources=("user",), trust=Trust.TRUSTED, visibility=Visibility.PRIVATE)
"""What the person who owns the task typed."""

SYSTEM = Label(sources=("system",), trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)
"""What the product or its operator wrote: instructions, prompts, tool descriptions."""


_OWN = frozenset({"user", "system"})


def is_own_source(source: str) -> bool:
    """Whether a source is the person or the product."""
    return source in _OWN


def is_from_outside(label: Label) -> bool:
    """Whether a value was read, at least in part: it is more than the person's own words and the product's."""
    return not _OWN.issuperset(label.sources)


def join(first: Label, *others: Label) -> Label:
    """The label of a value made from all of the given values."""
    labels = (first, *others)
    sources = {source for label in labels for source in label.sources}
    untrusted = any(label.trust is Trust.UNTRUSTED for label in labels)
    private = any(label.visibility is Visibility.PRIVATE for label in labels)
    return Label(
        sources=tuple(sources),
        trust=Trust.UNTRUSTED if untrusted else Trust.TRUSTED,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
    )
