"""What the exit code of ``journeyman`` means."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """The exit codes, the same for every command."""

    ACHIEVED = 0
    FAILED = 1
    """The task failed or was rejected, or the command could not do its work."""
    USAGE = 2
    """The command or the configuration is wrong; nothing was done."""
    WAITS = 3
    """The task rests until a person says something."""
    CANCELED = 4
    INTERRUPTED = 130


_OF_STATUS = {
    "completed": Exit.ACHIEVED,
    "failed": Exit.FAILED,
    "rejected": Exit.FAILED,
    "input_required": Exit.WAITS,
    "canceled": Exit.CANCELED,
}


def exit_of(task: Mapping[str, Any]) -> Exit:
    """The exit code that tells how ``task`` (a Task document) stands; one that still works counts as well so far, unless it
    waits behind another task."""
    if (task.get("waiting") or {}).get("behind"):
        return Exit.WAITS
    return _OF_STATUS.get(task["status"], Exit.ACHIEVED)
