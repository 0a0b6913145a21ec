"""Which descriptions and schemas were seen first, or approved by a person: ``HOME/mcp_pins.json``.

A tool is pinned when it is first seen. One whose server describes it otherwise later is not used until a person approves the
change; both descriptions are kept, so that the difference can be shown.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journal.errors import ConfigurationError, Conflict, NotFound
from tools.mcp.definitions import Definition
from trust.digest import digest


@dataclass(frozen=True, slots=True)
class Pin:
    """One tool: the definition that is approved, since when, and the other one that its server gives now, if any."""

    accepted: dict[str, Any]
    at: datetime
    pending: dict[str, Any] | None = None

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Pin":
        return cls(dict(stored["accepted"]), datetime.fromisoformat(stored["at"]), stored.get("pending"))

    def stored(self) -> dict[str, Any]:
        entry = {"at": self.at.isoformat(), "accepted": self.accepted}
        return entry if self.pending is None else {**entry, "pending": self.pending}


class Pins:
    """The pins of one home. Every process of the home reads and writes the file, one at a time, whole or not at all."""

    def __init__(self, file: Path, *, learns: bool = True) -> None:
        """With ``learns=False`` nothing is written: for who only looks."""
        self._file = file
        self._learns = learns

    def judge(self, server: str, definitions: Sequence[Definition]) -> dict[str, Pin]:
        """The pin of each tool a server describes; new ones are pinned, changes are noted. Raises ``ConfigurationError``."""
        with self._locked() as pins:
            known = pins.get(server, {})
            judged = {d.name: _judged(known.get(d.name), d) for d in definitions}
            if self._learns and any(known.get(name) != pin for name, pin in judged.items()):
                self._write({**pins, server: {**known, **judged}})
        return judged

    def get(self, server: str, tool: str) -> Pin:
        """Raises ``NotFound`` for a tool that was never seen."""
        with self._locked() as pins:
            try:
                return pins[server][tool]
            except KeyError:
                name = f"{server}.{tool}"
                raise NotFound(f"No tool `{name}` was ever seen.", hint="`journeyman tools list` names all.") from None

    def approve(self, server: str, tool: str, seen: dict[str, Any]) -> None:
        """Take a change as a person saw it. Raises ``Conflict`` where the server has changed it again since."""
        with self._locked() as pins:
            known = pins.get(server, {})
            pin = known.get(tool)
            if pin is None or pin.pending is None or digest(pin.pending) != digest(seen):
                raise Conflict(f"`{server}.{tool}` has changed again; nothing was approved.", hint="Look at it once more.")
            self._write({**pins, server: {**known, tool: Pin(seen, datetime.now(UTC))}})

    @contextmanager
    def _locked(self) -> Iterator[dict[str, dict[str, Pin]]]:
        if not self._learns:
            yield self._read()
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield self._read()
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, dict[str, Pin]]:
        try:
            servers = json.loads(self._file.read_text(encoding="utf-8"))["servers"]
            return {server: {tool: Pin.read(pin) for tool, pin in tools.items()} for server, tools in servers.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{self._file} cannot be read: {type(error).__name__}: {error}.",
                hint="Restore it. Removing it pins every MCP tool anew, as its server then describes it.",
            ) from None

    def _write(self, pins: dict[str, dict[str, Pin]]) -> None:
        servers = {server: {tool: pin.stored() for tool, pin in tools.items()} for server, tools in pins.items()}
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump({"servers": servers}, out, indent=1, ensure_ascii=True, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)


def _judged(known: Pin | None, found: Definition) -> Pin:
    now = found.as_json()
    if known is None:
        return Pin(now, datetime.now(UTC))
    changed = digest(now) != digest(known.accepted)
    return Pin(known.accepted, known.at, now if changed else None)
