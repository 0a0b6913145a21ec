"""Every example runs as it stands, and prints what it promises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

PROMISED = {
    "01_ask_your_documents.py": ["37", "11100", "harbour.md"],
    "02_a_tool_of_your_own.py": ["harbour (string, required)", "High water in Husum is at 14:05."],
    "03_over_rest.py": ["task.submitted", "llm.completed", "task.completed", "434"],
    "04_approve_an_effect.py": ["exit code 3", "sent so far: False", "Ada has her mail.", "outbox: ada@example.org"],
    "05_survive_a_crash.py": ["killed: exit code -9", "It is 4.2 metres deep at the north quay.", "soundings taken: 1"],
    "06_feed_from_a_script.py": ["(2, 0)", "(1, 1)", "state: free", "taken by Sunna"],
}


@pytest.mark.parametrize("file", sorted((EXAMPLES / "pipelines").glob("*.py")), ids=lambda file: file.name)
def test_a_pipeline_compiles(file: Path) -> None:
    """Airflow and Spark are not installed for the tests, so it is not run."""
    compile(file.read_text(encoding="utf-8"), file.name, "exec")


def test_every_example_is_tested() -> None:
    assert sorted(file.name for file in EXAMPLES.glob("*.py")) == sorted(PROMISED)


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_an_example_does_what_it_says(name: str, tmp_path: Path) -> None:
    env = {variable: value for variable, value in os.environ.items() if not variable.startswith("JOURNEYMAN_")}
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], capture_output=True, text=True, env=env, cwd=tmp_path, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.replace(",", "").replace("\u202f", "").replace("\u00a0", "")
    assert all(text.replace(",", "") in shown for text in PROMISED[name]), done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_an_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) <= 60
