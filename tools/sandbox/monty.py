"""Monty: a small Python interpreter without files, network, environment or imports of installed packages.

Each program runs in a process of its own, started for it with an empty environment and gone behind it: what a bug of the
interpreter would leave behind, it leaves nowhere. Time and memory are bounded inside that process; a clock out here ends one
that does not keep to it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.errors import ToolError
from tools.sandbox.plain import TooLarge, plain

MAX_SECONDS = 5.0
GRACE_SECONDS = 3.0
MAX_MEMORY_BYTES = 100_000_000
MAX_RECURSION = 400
MAX_PRINTED_BYTES = 50_000
MAX_VALUE_CHARS = 50_000
_MAX_ERROR_CHARS = 2_000

_PLACES = threading.BoundedSemaphore(4)
"""So many programs run at once in one process: four times the memory is what they can take together."""


class ProgramFailed(ToolError):
    """The program ended with an error; ``str(error)`` tells which, where, and what it had printed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program came to: the value of its last expression, as JSON, and what it printed."""

    value: Any
    printed: str


def run_program(code: str, variables: Mapping[str, Any], *, seconds: float = MAX_SECONDS) -> Ran:
    """Run ``code`` with ``variables`` (JSON values) as its globals. Blocks for a free place, then ``seconds`` at most.

    Raises ``ProgramFailed``, or ``ToolError`` where the interpreter is not installed.
    """
    monty = _interpreter()
    printed = monty.CollectString(max_bytes=MAX_PRINTED_BYTES)
    limits = {
        "max_feed_duration_secs": seconds,
        "max_memory": MAX_MEMORY_BYTES,
        "max_recursion_depth": MAX_RECURSION,
        "max_suspensions": 100,
    }
    with _PLACES:
        try:
            with (
                monty.Monty(min_processes=1, max_processes=1, request_timeout=seconds + GRACE_SECONDS) as pool,
                pool.checkout(limits=limits, os_policy={"sleep": "zero"}) as session,
            ):
                value = plain(session.feed_run(code, inputs=dict(variables), print_callback=printed), MAX_VALUE_CHARS)
        except TooLarge as error:
            raise ProgramFailed(f"The value is too large to return ({error}); return less of it.") from None
        except (monty.MontyError, ValueError, TypeError, RecursionError) as error:
            raise ProgramFailed(_explained(error, printed.output)) from None
    return Ran(value, printed.output)


def _interpreter() -> Any:
    try:
        import pydantic_monty
    except ImportError:
        raise ToolError("The sandbox is not installed; the operator adds it with `pip install pydantic-monty`.") from None
    return pydantic_monty


def _explained(error: Exception, printed: str) -> str:
    """The kind of error and its message; the lines it came by; the end of what was printed."""
    display = getattr(error, "display", None)
    text = str(display()) if callable(display) else f"{type(error).__name__}: {error}"
    if len(text) > _MAX_ERROR_CHARS:
        text = f"{text[: _MAX_ERROR_CHARS // 2]}\n[...]\n{text[-_MAX_ERROR_CHARS // 2 :]}"
    tail = f"\nBefore, it printed:\n{printed[-_MAX_ERROR_CHARS:]}" if printed else ""
    return f"The program failed.\n{text.strip()}{tail}"
