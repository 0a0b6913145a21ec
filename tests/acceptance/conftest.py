"""Real processes (the house of the serve tests), and a disk that can be full."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.serve.conftest import build

__all__ = ["build", "small_disk"]


@dataclass(frozen=True)
class SmallDisk:
    """A file system of a few megabytes; ``folder`` lies on it."""

    folder: Path

    def fill(self) -> None:
        """Leave no room at all."""
        with open(self.folder.parent / "filler", "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        (self.folder.parent / "filler").unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], capture_output=True, check=False)
    if made.returncode != 0:
        why = f"no small file system can be mounted here: {made.stderr.decode().strip()}"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    try:
        yield SmallDisk(mount / "home")
    finally:
        subprocess.run(["umount", "--lazy", mount], check=True)
