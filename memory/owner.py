"""One owner at a time: the embedded store belongs to a single process."""

import fcntl
import os
from pathlib import Path

from memory.errors import MemoryBusy

_FILE = "owner"


class Owner:
    """Holds the lock on a folder until ``release`` or the end of the process, however it ends.

    The lock is the kernel's, on a file that names the owner's process id, so a stale file is no obstacle.
    """

    def __init__(self, folder: Path) -> None:
        """Raises ``MemoryBusy``, naming the owner."""
        descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise MemoryBusy(
                f"The memory in {folder} is in use by process {pid or 'unknown'}.",
                hint="Wait for that process or stop it; while `journeyman serve` runs, other commands go through it.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let the next process in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
