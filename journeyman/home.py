"""The home folder: who serves it, and where the other commands find that process.

``serve`` holds a lock on ``HOME/serve.lock`` for as long as it runs; the kernel drops the lock with the process, however
it dies. ``HOME/serve.json`` counts only while that lock is held, so what a killed ``serve`` left behind is ignored.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from journal.errors import ConfigurationError

_LOCK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Serving:
    """A running ``serve``: its base URL, its process, and a token that admits for as long as it runs."""

    address: str
    pid: int
    token: str


def prepare(home: Path) -> Path:
    """Make the home folder, for its owner alone. Raises ``ConfigurationError`` where that is not possible."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The home folder {home} cannot be used: {error.strerror}.", hint="Set JOURNEYMAN_HOME to a folder of your own."
        ) from None
    return home


def serving(home: Path) -> Serving | None:
    """The ``serve`` that runs on this home, once it is ready; ``None`` without one."""
    if not _is_locked(home / "serve.lock"):
        return None
    with suppress(OSError, ValueError, TypeError):
        return Serving(**json.loads((home / "serve.json").read_text(encoding="utf-8")))
    return None


@contextmanager
def sole_server(home: Path) -> Iterator[None]:
    """Hold the home for one ``serve``. Raises ``ConfigurationError`` naming the process that already holds it."""
    descriptor = os.open(prepare(home) / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _lock(descriptor):
            raise _already_served(home)
        (home / "serve.json").unlink(missing_ok=True)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def announced(home: Path, serving: Serving) -> Iterator[None]:
    """Keep ``serve.json`` there, readable by its owner alone, while the block runs."""
    file, draft = home / "serve.json", home / "serve.json.new"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(asdict(serving), out)
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Try for a moment: a command that looks whether the lock is held holds it itself for an instant."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _already_served(home: Path) -> ConfigurationError:
    other = serving(home)
    if other is not None:
        who = f"process {other.pid}, at {other.address}"
    else:
        who = f"process {(home / 'serve.lock').read_text(encoding='utf-8') or 'unknown'}, which is just starting or ending"
    return ConfigurationError(
        f"The home {home} is already served by {who}.",
        hint="Stop that one first, or set JOURNEYMAN_HOME to another folder.",
    )
