"""What differs where a person sits at the terminal: they are asked, and tables are drawn."""

import os
import pty
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Home
from tests.warm.launcher import PROGRAM


def at_terminal(home: Home, arguments: Sequence[str], typed: str = "") -> tuple[int, str]:
    """The exit code, and all that a terminal showed."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *arguments], env=home.env, cwd=home.work, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    os.write(keyboard, typed.encode())
    shown = _read_all(keyboard)
    os.close(keyboard)
    return process.wait(), shown.decode()


def _read_all(keyboard: int) -> bytes:
    shown = b""
    while select.select([keyboard], [], [], 60)[0]:
        try:
            shown += os.read(keyboard, 65536)
        except OSError:
            break  # Linux says so when the other end is closed.
    return shown


@pytest.mark.parametrize(("typed", "code", "sent"), [("y\n", 0, ["Ada: hi"]), ("n\n", 4, []), ("\n", 4, [])])
def test_an_effect_by_hand_is_asked_about(home: Home, typed: str, code: int, sent: list[str]) -> None:
    home.configure(f'[tools]\nfolders = ["{home.tools}"]')
    arguments = ["tools", "call", "send", "--arg", "to=Ada", "--arg", "text=hi"]
    assert at_terminal(home, arguments, typed)[0] == code
    assert home.sent == sent


def test_tables_are_drawn_for_a_person(home: Home) -> None:
    code, shown = at_terminal(home, ["config", "show"])
    assert code == 0
    assert "SETTING" in shown
    assert "\t" not in shown
    assert Path(home.env["JOURNEYMAN_HOME"]).name in shown
