"""The form of what a kind of event does to the state."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from journal.events import Event, EventData

if TYPE_CHECKING:
    from journal.projection import TaskState

Handlers = dict[type[EventData], Callable[["TaskState", Event, Any], None]]
"""By kind: changes the state in place, given the event and its data."""
