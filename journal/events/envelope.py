"""The envelope around every event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from journal.values import Value


def is_empty(value: object) -> bool:
    """For fields that a kind written whole got later: left out while empty, so that older lines stay as they are."""
    return not value


class EventData(Value):
    """The payload of one event kind."""

    kind: ClassVar[str]
    schema_version: ClassVar[int] = 1
    whole: ClassVar[bool] = False
    """Stored with the fields that hold their defaults, because those defaults may change from release to release."""

    def public(self) -> "EventData":
        """What the API shows of it."""
        return self


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a journal: the envelope around its data. ``seq`` counts from 1 without gaps."""

    seq: int
    at: datetime
    epoch: int
    data: EventData
    intent_key: str | None = None

    @property
    def kind(self) -> str:
        return self.data.was if isinstance(self.data, Forgotten) else self.data.kind


class Forgotten(EventData):
    """What stands in place of forgotten data: keeps seq, kind and the digest of what was there."""

    kind = "forgotten"

    was: str
    digest: str
