"""What a server says of one of its tools: what is pinned, and what of it can be used."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journal.values import ToolHints
from trust.digest import canonical_json, digest

if TYPE_CHECKING:
    from mcp import types

MAX_CHARS = 32_000
"""So long may a description and its schema be: they are sent with every question to a model."""

MAX_TOOLS = 256

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")
_NOT_ON_THE_WIRE = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool as its server describes it. ``hints`` are the server's claims."""

    name: str
    description: str
    parameters: dict[str, Any]
    hints: ToolHints

    def as_json(self) -> dict[str, Any]:
        """What is pinned: all that a model reads, and all that a policy would believe of a trusted server."""
        return {
            "description": self.description,
            "parameters": self.parameters,
            "hints": self.hints.model_dump(exclude_none=True),
        }

    @property
    def digest(self) -> str:
        return digest(self.as_json())[:16]


def definition_of(tool: "types.Tool") -> Definition:
    said = tool.annotations
    hints = ToolHints()
    if said is not None:
        hints = ToolHints(
            read_only=said.read_only_hint,
            destructive=said.destructive_hint,
            idempotent=said.idempotent_hint,
            open_world=said.open_world_hint,
        )
    title = tool.title or (said.title if said is not None else None) or tool.name
    return Definition(tool.name, (tool.description or title).strip(), tool.input_schema, hints)


def sift(definitions: Iterable[Definition]) -> tuple[list[Definition], dict[str, str]]:
    """The usable ones, and why each of the others is not.

    One that would break the requests to a model (a strange name, two names that become one on the wire, a schema that is no
    object's) would break every task that is offered it.
    """
    usable: dict[str, Definition] = {}
    left_out: dict[str, str] = {}
    for definition in definitions:
        wire = _NOT_ON_THE_WIRE.sub("_", definition.name.replace(".", "__"))
        why = _unusable(definition)
        if why is None and wire in usable:
            why = f"its name and that of {usable[wire].name} are one to a model"
        if why is None and len(usable) >= MAX_TOOLS:
            why = f"its server has more than {MAX_TOOLS} tools"
        if why is None:
            usable[wire] = definition
        else:
            left_out[definition.name[:128]] = why
    return list(usable.values()), left_out


def _unusable(definition: Definition) -> str | None:
    if not _NAME.fullmatch(definition.name):
        return "its name holds characters other than letters, digits, `_`, `-`, `.` and `/`, or more than 128 of them"
    if definition.parameters.get("type") != "object":
        return "its schema does not describe an object"
    try:
        size = len(canonical_json(definition.as_json()))
    except (ValueError, RecursionError):
        return "its schema cannot be written as JSON"
    return f"its description and schema have {size:,} bytes; {MAX_CHARS:,} may be" if size > MAX_CHARS else None
