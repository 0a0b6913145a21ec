"""What can go wrong, as a tree. Every message is one clear sentence; ``hint`` says how to mend it.

JourneymanError
├── NotFound              no such thing for this tenant
├── Conflict              the thing exists but its state forbids the request
│   └── ThreadBusy        another task of the thread has not ended
├── InvalidInput          the caller's input is wrong
├── ConfigurationError    the settings are wrong
├── StaleLease            another worker holds the task now; stop at once, write nothing
└── StorageError          the database refused
    ├── StorageFull       no room left; nothing was written
    ├── StorageContended  another transaction was in the way; nothing was written
    ├── StorageUnavailable  the database cannot be reached
    └── SchemaTooNew      the database was written by a newer version
"""


class JourneymanError(Exception):
    """Base of every error meant for a person; shown without a traceback."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFound(JourneymanError):
    """The thing does not exist, or belongs to another tenant."""


class Conflict(JourneymanError):
    """The request does not fit the state the thing is in."""


class ThreadBusy(Conflict):
    """A task of the same thread has not ended, and the new one does not want to wait."""


def reused_key() -> Conflict:
    """The error for an idempotency key that stands for another request."""
    return Conflict(
        "The idempotency key was used before, for another request.",
        hint="Send the same request again, or choose a new key.",
    )


class NotAllowed(JourneymanError):
    """Whoever asks may not do this, though somebody else may."""


class InvalidInput(JourneymanError):
    """The caller's input cannot be used as it is."""


class ConfigurationError(JourneymanError):
    """A setting is missing, unknown or of the wrong type. ``mistakes`` lists them one by one where there are several."""

    def __init__(self, message: str, *, hint: str = "", mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.mistakes = mistakes or (message,)


class StaleLease(JourneymanError):
    """The lease epoch is no longer current: whoever held it must stop without writing."""


class StorageError(JourneymanError):
    """The database refused an operation."""


class StorageFull(StorageError):
    """The disk or the database's size limit is reached; the transaction was rolled back."""


class StorageContended(StorageError):
    """The transaction lost a deadlock and was rolled back; trying again may work."""


class StorageUnavailable(StorageError):
    """The database cannot be reached."""


class SchemaTooNew(StorageError):
    """The database needs a newer version of this program."""
