"""Reading what was piped in."""

import sys

from journal.errors import InvalidInput


def stdin_text() -> str:
    """All of standard input. Raises ``InvalidInput`` where it is not UTF-8."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InvalidInput("Standard input is not UTF-8 text.", hint="Convert it, for instance with iconv.") from None
