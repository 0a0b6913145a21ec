"""What is declared of one tool."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trust.classes import ArgClass, Effect
from trust.rules import ArgRule


@dataclass(frozen=True, slots=True)
class ToolLines:
    """``effect`` of ``None``: the tool is not classified. ``rules`` may raise trust and must hold, ``only`` must hold."""

    effect: Effect | None = None
    args: Mapping[str, ArgClass] = field(default_factory=dict)
    rules: tuple[ArgRule, ...] = ()
    only: tuple[ArgRule, ...] = ()
    always: Literal["ask", "deny"] | None = None
    max_calls: int | None = None
    under_condition: Literal["ask", "allow"] = "ask"
