"""How a test starts ``journeyman`` many times without paying for its imports each time."""

import atexit
import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("journeyman")
HERE = Path(__file__).parent


@cache
def warm() -> tuple[str, ...]:
    """What to start in place of the installed program, which it is where processes cannot be watched as on Linux.

    Signals reach the command, except that a ``SIGKILL`` does a moment later: a test that kills starts the program itself.
    """
    if not hasattr(os, "pidfd_open"):
        return (str(PROGRAM),)
    folder = tempfile.TemporaryDirectory(prefix="warm")
    address = f"{folder.name}/socket"
    server = subprocess.Popen(
        [sys.executable, "-P", HERE / "server.py", address], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )

    @atexit.register
    def _stop() -> None:
        server.communicate()
        folder.cleanup()

    while not os.path.exists(address):
        assert server.poll() is None, "the server of warm processes ended"
        time.sleep(0.01)
    return (sys.executable, "-IS", str(HERE / "client.py"), address)
