"""``--grant tool:mail.read=mail.send,calendar.*``: what is left to which texts."""

from typing import Any

from journal.errors import InvalidInput


def read_grant(given: str) -> dict[str, Any]:
    """One grant as the API takes it. Raises ``InvalidInput``."""
    source, sign, named = given.partition("=")
    tools = [name.strip() for name in named.split(",") if name.strip()]
    if not (source.strip() and sign and tools):
        raise InvalidInput(
            f"--grant {given!r} names no source or no tools.",
            hint="Write it like --grant 'tool:mail.read=mail.send,calendar.*'.",
        )
    return {"source": source.strip(), "tools": tools}
