"""How attachments are told to a model: all of them by name, type and size, the short texts in full."""

from collections.abc import Sequence

from journal.events import AttachmentReceived
from journal.values import Message


def listing(attachments: Sequence[AttachmentReceived]) -> str:
    """The paragraph for the goal's message; empty where there are none."""
    if not attachments:
        return ""
    lines = (f"- {a.path} ({a.media_type}, {a.size:,} bytes)" for a in attachments)
    return "\n".join(["Files attached to this goal, in the workspace:", *lines])


def inline(attachments: Sequence[AttachmentReceived]) -> list[Message]:
    """The short texts, a message with its own label for each."""
    shown = (a for a in attachments if a.inline)
    return [Message(role="user", content=f"{a.path} reads:\n\n{a.text}", label=a.label) for a in shown]
