"""What every command shares: the options that stand before or behind any command, and how asynchronous work is run."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from journeyman.settings import Settings

T = TypeVar("T")

_BLOCKING_CALLS = 64
"""How many calls of tools that are not asynchronous may run at once."""


@dataclass(slots=True)
class Invocation:
    """The options all commands have; ``ctx.obj`` of the root."""

    config: Path | None = None
    home: Path | None = None


def invocation(ctx: typer.Context) -> Invocation:
    """This invocation's shared options."""
    root = ctx.find_root()
    if not isinstance(root.obj, Invocation):
        root.obj = Invocation()
    return root.obj


def load_settings(ctx: typer.Context, **flags: Any) -> "Settings":
    """The settings for this invocation; ``flags`` that are not ``None`` win. Raises ``ConfigurationError``."""
    from journeyman.settings import Settings

    shared = invocation(ctx)
    given = {"home": shared.home, **flags}
    return Settings.load(shared.config, {name: value for name, value in given.items() if value is not None})


class _Threads(ThreadPoolExecutor):
    """Threads that are not waited for at the end: a tool that blocks in one cannot be stopped, and need not be. What
    became of its call is settled by the journal's rules when the task is resumed."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end. Ctrl-C cancels it first, so that it can clean up, and then raises ``KeyboardInterrupt``."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Threads(_BLOCKING_CALLS, thread_name_prefix="blocking"))
        return runner.run(work)
