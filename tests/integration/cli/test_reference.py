"""The reference pages say what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "docs" / "generate.py"


def generate(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def test_the_reference_is_up_to_date() -> None:
    done = generate(SCRIPT, "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["cli.md", "settings.md", "events.md"])
def test_a_page_that_drifts_is_named(tmp_path: Path, page: str) -> None:
    script = tmp_path / "generate.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "reference").mkdir()
    assert generate(script).returncode == 0
    assert generate(script, "--check").returncode == 0
    with (tmp_path / "reference" / page).open("a") as file:
        file.write("one line too many\n")
    done = generate(script, "--check")
    assert done.returncode == 1
    assert page in done.stderr
