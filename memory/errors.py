"""What can go wrong with memory, as a tree under the errors that every room shares.

JourneymanError
├── Conflict
│   └── MemoryBusy          another process owns the store; its id is in the message
├── InvalidInput
│   └── UnreadableDocument  a document that cannot be read as text; the message says why
└── StorageError            the store refused, is damaged, or is of a newer format
    └── StorageFull         too little room on the disk; nothing was written
"""

from journal.errors import Conflict, InvalidInput


class MemoryBusy(Conflict):
    """The embedded store has one owner at a time, and it is another process."""


class UnreadableDocument(InvalidInput):
    """The document is empty, too large, broken, or of a kind that is not read."""
