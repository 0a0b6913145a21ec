"""Journeyman's public face. Importing it is cheap: names load when they are first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from journeyman.client import Client
    from tools.decorator import tool

__all__ = ["Client", "tool"]

_HOMES = {"Client": "journeyman.client", "tool": "tools.decorator"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
