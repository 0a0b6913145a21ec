"""How attachments are told to a model: all of them by name, type and size, the short texts in full."""

from collections.abc import Sequence

from journal.events import AttachmentReceived
from journal.values import Message, SourceRef

FOLDER = "attachments"
MAX_INLINE_CHARS = 4_000
MAX_INLINE_TOTAL = 12_000


def listing(attachments: Sequence[AttachmentReceived]) -> str:
    """The paragraph for the goal's message; empty where there are none."""
    if not attachments:
        return ""
    lines = (f"- {FOLDER}/{a.name} ({a.media_type}, {a.size:,} bytes)" for a in attachments)
    return "\n".join(["Files attached to this goal, in the workspace:", *lines])


def inline(attachments: Sequence[AttachmentReceived]) -> list[Message]:
    """The short texts, a message with its own label for each."""
    return [_shown(attachment) for attachment in shown_whole(attachments)]


def shown_whole(attachments: Sequence[AttachmentReceived]) -> list[AttachmentReceived]:
    """Those whose text the model reads at once: short ones, in order, until their room is used up."""
    shown, room = [], MAX_INLINE_TOTAL
    for attachment in attachments:
        length = attachment.size if attachment.text is None else len(attachment.text)
        if attachment.text is not None and length <= min(MAX_INLINE_CHARS, room):
            shown.append(attachment)
            room -= length
    return shown


def source_of(attachment: AttachmentReceived) -> SourceRef:
    """Where an answer that rests on an attached text can be checked."""
    lines = max(len((attachment.text or "").splitlines()), 1)
    return SourceRef(source=f"{FOLDER}/{attachment.name}", position=f"lines 1-{lines}", label=attachment.label)


def _shown(attachment: AttachmentReceived) -> Message:
    text = f"{FOLDER}/{attachment.name} reads:\n\n{attachment.text}"
    return Message(role="user", content=text, label=attachment.label)
