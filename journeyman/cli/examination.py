"""What ``doctor`` looks at. Each check reads only, stops after a set time, and reports; none raises."""

import platform
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from journal.errors import ConfigurationError, JourneymanError
from journeyman.cli.checking import mistakes_between
from journeyman.cli.context import Invocation
from journeyman.cli.finding import Finding
from trust.redaction import Redactor

if TYPE_CHECKING:
    from journeyman.settings import Settings

SECONDS = 15.0
"""How long all checks together may take: they run side by side."""


Check = Callable[[], Iterable[Finding]]


def examine(invocation: Invocation) -> list[Finding]:
    """Every part's findings, in the order in which a person would mend them."""
    first = [_python()]
    try:
        settings = _load(invocation)
    except ConfigurationError as error:
        return first + [Finding("configuration", "problem", mistake, error.hint) for mistake in error.mistakes]
    return first + _side_by_side(_checks(settings))


def _load(invocation: Invocation) -> "Settings":
    from journeyman.settings import Settings

    return Settings.load(invocation.config, {"home": invocation.home} if invocation.home else None)


def _checks(settings: "Settings") -> dict[str, Check]:
    from journeyman.cli import part_checks, policy_checks, schedule_checks, seal_checks

    checks = {
        "home": part_checks.home,
        "database": part_checks.database,
        "serve": part_checks.serve,
        "secrets": seal_checks.secrets,
        "schedules": schedule_checks.schedules,
        "memory": part_checks.memory,
        "models": part_checks.models,
        "embedder": part_checks.embedder,
        "tools": part_checks.tools,
        "mcp servers": part_checks.mcp,
        "policy": policy_checks.policy,
        "broker": part_checks.broker,
    }
    return {"configuration": partial(_configuration, settings), **{part: partial(c, settings) for part, c in checks.items()}}


def _python() -> Finding:
    return Finding("python", "ok", f"Python {platform.python_version()}, Journeyman {version('journeyman')}")


def _configuration(settings: "Settings") -> Iterable[Finding]:
    mistakes = list(mistakes_between(settings))
    for mistake in mistakes:
        yield Finding("configuration", "problem", mistake, f"Mend {settings.config_file or 'the JOURNEYMAN_* variables'}.")
    if not mistakes:
        where = settings.config_file or "no file, so defaults and JOURNEYMAN_* variables"
        yield Finding("configuration", "ok", f"{where}")


@dataclass(slots=True)
class _Running:
    """One check in a thread of its own, which is left behind if it hangs."""

    part: str
    check: Check
    findings: list[Finding] = field(default_factory=list)
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.findings = [_clean(finding) for finding in self.check()]
        except JourneymanError as error:
            self.findings = [Finding(self.part, "problem", _clean_text(error.message), _clean_text(error.hint))]
        except Exception as error:
            found = _clean_text(f"The check failed: {type(error).__name__}: {error}")
            self.findings = [Finding(self.part, "problem", found, "This is a fault in Journeyman; please report it.")]


def _side_by_side(checks: dict[str, Check]) -> list[Finding]:
    running = [_Running(part, check) for part, check in checks.items()]
    for one in running:
        one.start()
    deadline = time.monotonic() + SECONDS
    for one in running:
        if one.thread is not None:
            one.thread.join(max(0.0, deadline - time.monotonic()))
    return [finding for one in running for finding in _outcome(one)]


def _outcome(one: _Running) -> Sequence[Finding]:
    if one.findings or (one.thread is not None and not one.thread.is_alive()):
        return one.findings
    return [Finding(one.part, "problem", f"No answer within {SECONDS:g} s.", "See whether what it needs is up and reachable.")]


def _clean_text(text: str) -> str:
    return Redactor().text(text)


def _clean(finding: Finding) -> Finding:
    return Finding(finding.part, finding.level, _clean_text(finding.found), _clean_text(finding.mend))
