"""What a tool does to the world, and what each of its arguments decides."""

from enum import StrEnum


class Effect(StrEnum):
    """The class of a tool. ``fetch`` reads, but what it is asked for leaves the house (a URL, a search of the web)."""

    READ = "read"
    FETCH = "fetch"
    WRITE = "write"
    SEND = "send"
    PAY = "pay"
    DELETE = "delete"
    EXECUTE = "execute"

    @property
    def changes(self) -> bool:
        """Whether a call of the class may change the world."""
        return self not in (Effect.READ, Effect.FETCH)

    @property
    def severity(self) -> int:
        """A class of a higher one asks whenever one of a lower does."""
        return {Effect.READ: 0, Effect.FETCH: 1, Effect.DELETE: 3}.get(self, 2)


class ArgClass(StrEnum):
    """What an argument decides: *which* thing a call is about, or only what it says and when."""

    RECIPIENT = "recipient"
    URL = "url"
    PATH = "path"
    ID = "id"
    AMOUNT = "amount"
    COMMAND = "command"
    CONTENT = "content"
    TIME = "time"

    @property
    def identifies(self) -> bool:
        """Whether untrusted data here would choose who or what a call hits."""
        return self not in (ArgClass.CONTENT, ArgClass.TIME)
