"""Logging of commands: they speak to the person on stderr in sentences, and to the log in ``HOME/journeyman.log``."""

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import cast

from trust.redaction import Redactor

NAME = "journeyman.log"
_MAX_BYTES = 1_000_000
_KEPT = 2


def log_to(home: Path, redactor: Redactor) -> None:
    """Send warnings and errors of this process to the log in ``home``; ``redactor`` knows what is never to be written.

    The file is made with the first line, readable by its owner alone.
    """
    handler = _File(home / NAME, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(_Redacting(redactor))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _File(RotatingFileHandler):
    """A log that cannot be written (a full disk) is left unwritten: nothing of it reaches the person's terminal."""

    def _open(self) -> TextIOWrapper:
        file = open(self.baseFilename, self.mode, encoding=self.encoding, opener=_for_the_owner)  # noqa: SIM115
        return cast(TextIOWrapper, file)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        return


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class _Redacting(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        task = getattr(record, "task_id", None)
        line = super().format(record)
        return self._redactor.text(f"{line} [{task}]" if task else line)
