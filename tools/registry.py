"""All tools there are, by name."""

from collections.abc import Sequence

from tools.types import Tool


class Registry:
    """Tools by name: built-ins, the operator's folders, installed packages."""

    def get(self, name: str) -> Tool:
        """Raises ``NotFound`` with the closest names."""
        raise NotImplementedError

    def all(self) -> list[Tool]:
        """Every tool, sorted by name."""
        raise NotImplementedError

    def select(self, patterns: Sequence[str] | None) -> list[Tool]:
        """The tools that names or patterns (``files.*``) choose; ``None`` means all. Raises ``NotFound`` for a name or
        pattern that matches nothing."""
        raise NotImplementedError
