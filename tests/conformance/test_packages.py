"""The installed packages: the names are ours alone, and importing the public one costs next to nothing."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"][
    "packages"
]
HEAVY = ("aiohttp", "alembic", "celery", "fastapi", "httpx", "openai", "pydantic", "qdrant_edge", "sqlalchemy", "uvicorn")


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after ``statement``."""
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_belongs_to_no_other_distribution(room: str) -> None:
    assert set(packages_distributions().get(room, [])) <= {"journeyman"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_leads_to_our_folder_and_is_typed(room: str) -> None:
    code = f"import {room}; print({room}.__file__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert Path(found.stdout.strip()) == ROOT / room / "__init__.py"
    assert (ROOT / room / "py.typed").exists()


def test_importing_journeyman_is_light() -> None:
    assert loaded_by("import journeyman").isdisjoint(HEAVY)


def test_the_decorator_of_tools_needs_no_server_and_no_database() -> None:
    assert loaded_by("from journeyman import tool").isdisjoint(set(HEAVY) - {"pydantic"})


def test_the_client_needs_no_server_and_no_database() -> None:
    assert loaded_by("from journeyman import Client").isdisjoint(set(HEAVY) - {"pydantic"})


def test_the_command_line_starts_light() -> None:
    assert loaded_by("import journeyman.cli.main").isdisjoint(HEAVY)
