"""How a tool ends without a result. The type decides who hears of it.

ToolError               for the model: it reads the message and may try something else
├── InvalidArguments    the arguments do not fit the schema; nothing was done
└── Refused             a rule of the product forbids this call; nothing was done
NeedsInput              for a person: the task waits for an answer, which becomes the result
StopTask                ends the task as failed

Any other exception from a tool is a fault of the tool. A read-only tool's fault is told to the model; for an effect it
is not known whether it happened, so the call is in doubt. A tool that knows that nothing happened says so with ``ToolError``.
"""

from journal.errors import JourneymanError


class ToolError(Exception):
    """The call failed and nothing was changed; ``str(error)`` is what the model reads."""


class InvalidArguments(ToolError):
    pass


class Refused(ToolError):
    pass


class NeedsInput(Exception):
    """Only a person can answer; ``question`` is shown to them."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


class StopTask(JourneymanError):
    """The task cannot go on; it ends ``failed`` with outcome ``error``."""
