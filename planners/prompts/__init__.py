"""Versioned prompt texts. A changed text gets a new file and a new version: journals name the version they were made with."""

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of one prompt, such as ``react_v1``."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
