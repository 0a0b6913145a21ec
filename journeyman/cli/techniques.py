"""Techniques from the command line: ``NAME``, or ``NAME=VALUE`` where a technique has a value."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from journal.errors import InvalidInput
from journal.techniques import Techniques

_SWITCHES = tuple(name for name, field in Techniques.model_fields.items() if field.annotation is bool)
_HINT = "Techniques: " + ", ".join((*_SWITCHES, "self_consistency=N", "few_shot=FILE", "directional_stimulus=HINT")) + "."


def read_techniques(given: Sequence[str]) -> dict[str, Any]:
    """The request's ``techniques``. Hints add up; a switch takes ``=false``, which turns off the profile's.

    Raises ``InvalidInput`` for an unknown name, a value that is missing or wrong, or a file that cannot be read.
    """
    asked: dict[str, Any] = {}
    for text in given:
        name, has_value, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in Techniques.model_fields:
            raise InvalidInput(f"There is no technique named {name!r}.", hint=_HINT)
        if name in _SWITCHES:
            asked[name] = _switch(name, value if has_value else "true")
            continue
        if not value.strip():
            raise InvalidInput(f"The technique {name} needs a value.", hint=_HINT)
        if name == "directional_stimulus":
            asked.setdefault(name, []).append(value)
        else:
            asked[name] = _samples(value) if name == "self_consistency" else _examples(Path(value))
    return asked


def _switch(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise InvalidInput(f"The technique {name} is true or false, not {value!r}.", hint=_HINT)
    return value == "true"


def _samples(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise InvalidInput(f"self_consistency is a number of samples, not {value!r}.", hint=_HINT) from None


def _examples(file: Path) -> list[Any]:
    shape = 'It is a JSON list: [{"goal": "...", "answer": "...", "reasoning": "..."}]; reasoning may be left out.'
    try:
        examples = json.loads(file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"The examples {file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The examples {file} are not JSON: {error}.", hint=shape) from None
    if not isinstance(examples, list):
        raise InvalidInput(f"The examples {file} are not a list.", hint=shape)
    return examples
