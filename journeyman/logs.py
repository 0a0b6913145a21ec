"""Logging of ``serve``: one line for each record on stderr, coloured on a terminal and JSON elsewhere, secrets blacked out."""

import logging
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor

from trust.redaction import Redactor

_QUIET = ("alembic", "celery", "kombu", "uvicorn", "httpx", "httpx2", "httpcore", "httpcore2", "openai", "asyncio")
"""Libraries that are heard only from warnings on."""


def configure(secrets: Iterable[str] = (), *, level: int = logging.INFO) -> Redactor:
    """Send all logging, the standard library's and structlog's, to stderr. ``secrets`` are values never to be written;
    what the redactor that is given back learns later is not either."""
    redactor = Redactor(secrets)

    def redacted(logger: Any, method: str, line: EventDict) -> EventDict:
        return {key: redactor.json(value) for key, value in line.items()}

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        ExtraAdder(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redacted,
                _renderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return redactor


def _renderer() -> Processor:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer()
