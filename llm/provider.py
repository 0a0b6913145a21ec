"""What a provider of models must be able to do."""

from collections.abc import Callable
from typing import Protocol

from llm.types import Completion, Request


class Provider(Protocol):
    """One configured model behind one API. Safe for many calls at once in one event loop.

    Errors are those of ``llm.errors``; each says whether the call may have been billed and whether asking again helps.
    """

    def bound_input(self, request: Request) -> int:
        """An upper bound of the request's input tokens, found without a tokenizer: a token is at least one byte."""

    async def complete(self, request: Request, on_delta: Callable[[str], None] | None = None) -> Completion:
        """Ask once, without retrying. With ``on_delta`` the answer is streamed and each piece of text handed over."""

    async def open(self) -> None:
        """Load what the first call would otherwise wait for. Reaches no network; calling it is optional."""

    async def check(self) -> str:
        """Reach the API and the model cheaply; a short sentence on what was found. Raises like ``complete``."""

    async def aclose(self) -> None:
        """Let go of connections."""
