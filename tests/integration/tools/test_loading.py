"""Tools of installed packages, and what loading costs, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["pint", "lxml", "httpx", "httpcore", "trafilatura", "sqlalchemy", "openai", "celery", "fastapi", "qdrant_edge"]

MODULE = '''
from tools.decorator import tool

@tool(read_only=True)
def weather(city: str) -> str:
    """Tell the weather."""
    return f"Rain in {city}."

def tides(port: str) -> str:
    """Tell the tides."""
    return port
'''


def run(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)


def install(folder: Path, entry_points: str, module: str = MODULE) -> None:
    """What an installer leaves behind: a module, and a folder of metadata."""
    (folder / "skyward.py").write_text(module)
    info = folder / "skyward-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: skyward\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[journeyman.tools]\n{entry_points}\n")


LIST = (
    "import json\nfrom tools.registry import build_registry\nfrom tools.settings import ToolSettings\n"
    "tools = [t for t in build_registry(ToolSettings()).all() if t.origin == 'package']\n"
    "print(json.dumps([[t.name, t.version, t.hints.read_only] for t in tools]))"
)


@pytest.mark.parametrize(
    ("entry_points", "expected"),
    [
        ("sky = skyward:weather", [["weather", "1.5", True]]),
        ("sky = skyward", [["tides", "1.5", None], ["weather", "1.5", True]]),
    ],
)
def test_tools_of_installed_packages_are_found(entry_points: str, expected: list[object], tmp_path: Path) -> None:
    install(tmp_path, entry_points)
    done = run(LIST, tmp_path)
    assert done.stderr == ""
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize(
    ("entry_points", "module", "says"),
    [
        ("sky = skyward:weather", "1 / 0", "The tools of the package skyward could not be loaded: ZeroDivisionError"),
        ("sky = skyward:nothing", MODULE, "The tools of the package skyward could not be loaded: AttributeError"),
        ("sky = skyward:x", "x = 3", "The entry point `sky` of the package skyward is neither"),
        (
            "sky = skyward:now",
            'def now() -> str:\n    """Now."""\n',
            "Two tools are called `now`: one is builtin, one is package",
        ),
    ],
)
def test_a_broken_package_is_named(entry_points: str, module: str, says: str, tmp_path: Path) -> None:
    install(tmp_path, entry_points, module)
    assert says in run(LIST, tmp_path).stderr


def test_packages_are_not_touched_for_tools_that_are_known(tmp_path: Path) -> None:
    install(tmp_path, "sky = skyward:weather", "1 / 0")
    code = (
        "from tools.registry import build_registry\nfrom tools.settings import ToolSettings\n"
        "print(build_registry(ToolSettings()).get('calculate').name)"
    )
    assert run(code, tmp_path).stdout == "calculate\n"


def test_loading_the_built_ins_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tools.registry import build_registry\nfrom tools.settings import ToolSettings\n"
        f"build_registry(ToolSettings())\nprint([m for m in {HEAVY} if m in sys.modules])"
    )
    done = run(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_plain_sums_do_not_load_the_library_of_units() -> None:
    code = (
        "import sys\nfrom tools.calculator.parser import evaluate\n"
        "evaluate('17% of 2340 + sqrt(2)')\nprint('pint' in sys.modules)\nevaluate('3 km')\nprint('pint' in sys.modules)"
    )
    assert run(code).stdout == "False\nTrue\n"
