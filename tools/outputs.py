"""From what a function returns to what a tool gives back."""

import dataclasses
from typing import Any

from pydantic_core import from_json, to_json

from tools.types import ToolOutput


def to_output(value: Any) -> ToolOutput:
    """Text stays text; ``None`` is ``Done.``; anything else becomes compact JSON, and ``data`` that JSON's value.

    NaN and infinities become ``null``, bytes URL-safe base64; an object that has no JSON form is written with ``str``,
    since the work is done and must not be lost.
    """
    if isinstance(value, ToolOutput):
        data = None if value.data is None else from_json(_json(value.data))
        return dataclasses.replace(value, content=_encodable(value.content), data=data)
    if value is None:
        return ToolOutput("Done.")
    if isinstance(value, str):
        return ToolOutput(_encodable(str(value)))
    text = _json(value)
    return ToolOutput(text.decode(), data=from_json(text))


def _json(value: Any) -> bytes:
    return to_json(value, inf_nan_mode="null", bytes_mode="base64", fallback=str)


def _encodable(text: str) -> str:
    """Lone surrogates (file names, cut JSON) cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()
