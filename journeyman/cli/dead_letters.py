"""What could not be added to memory, kept in the home until it is added or its path is added again."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from journal.errors import StorageError


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """``source`` below ``path`` was left out of ``namespace`` because of ``why``; ``attempts`` counts how often, ``at`` is the
    last time, in UTC."""

    path: str
    namespace: str
    source: str
    why: str
    attempts: int
    at: str


class DeadLetters:
    """The list in one home. Raises ``StorageError`` where it cannot be read or written."""

    def __init__(self, home: Path) -> None:
        self._file = home / "ingest" / "failed.json"

    def all(self) -> list[DeadLetter]:
        try:
            return [DeadLetter(**fields) for fields in json.loads(self._file.read_bytes())]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(f"{self._file} cannot be read: {error}.", hint="Delete it: it only lists failures.") from None

    def record(self, path: Path, namespace: str, skipped: Mapping[str, str]) -> None:
        """What failed of ``path`` this time, in the place of what failed of it before."""
        own = (os.path.abspath(path), namespace)
        before = self.all()
        attempts = {letter.source: letter.attempts for letter in before if (letter.path, letter.namespace) == own}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rest = [letter for letter in before if (letter.path, letter.namespace) != own]
        new = [DeadLetter(*own, name, why, attempts.get(name, 0) + 1, now) for name, why in skipped.items()]
        if rest + new != before:
            self._write(rest + new)

    def _write(self, letters: list[DeadLetter]) -> None:
        part = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_text(json.dumps([asdict(letter) for letter in letters], indent=1), encoding="utf-8")
            part.replace(self._file)
        except OSError as error:
            raise StorageError(f"{self._file} cannot be written: {error.strerror}.") from None
