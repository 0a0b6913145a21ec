"""Tools whose descriptions nobody approved: what of them may stand in the context that a plan is made in.

Whoever serves such a tool writes its description, and the names, titles, defaults and choices in its schema. Of all that, only
names that look like names remain, and the types of the arguments.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tools.types import Tool

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_TYPES = ("string", "number", "integer", "boolean", "array", "object")


def undescribed(tool: Tool) -> str:
    """A tool as the planner is told of it where nobody approved its description."""
    args = json.dumps(_bare(tool.parameters), separators=(",", ":"))
    return f"- `{tool.name}`: (its description was not approved; every call of it asks a person)\n  args: {args}"


def _bare(schema: Mapping[str, Any]) -> dict[str, str]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _type(part) for name, part in properties.items() if _NAME.fullmatch(name)}


def _type(schema: Any) -> str:
    said = schema.get("type") if isinstance(schema, Mapping) else None
    return said if said in _TYPES else "any"
