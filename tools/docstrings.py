"""Descriptions for the model, taken from docstrings."""

import inspect
import re

_ARGS = re.compile(r"(?:Args|Arguments|Parameters):\s*")
_ENTRY = re.compile(r"\*{0,2}(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)")


def read_docstring(docstring: str) -> tuple[str, dict[str, str]]:
    """The description without its ``Args:`` section, and what that section says of each parameter."""
    lines = inspect.cleandoc(docstring).splitlines()
    start = next((i for i, line in enumerate(lines) if _ARGS.fullmatch(line)), None)
    if start is None:
        return "\n".join(lines).strip(), {}
    end = next((i for i in range(start + 1, len(lines)) if lines[i] and not lines[i][0].isspace()), len(lines))
    rest = "\n".join(lines[:start]).rstrip() + "\n\n" + "\n".join(lines[end:])
    return rest.strip(), _entries(lines[start + 1 : end])


def _entries(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    first = next((line for line in lines if line.strip()), "")
    indent = len(first) - len(first.lstrip())
    for line in filter(str.strip, lines):
        entry = _ENTRY.fullmatch(line.strip()) if len(line) - len(line.lstrip()) <= indent else None
        if entry:
            current = found.setdefault(entry[1], [])
            current.append(entry[2])
        else:
            current.append(line.strip())
    return {name: " ".join(filter(None, words)) for name, words in found.items()}
