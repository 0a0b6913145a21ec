"""An answer as JSON of a schema, as far as rules can fill it."""

import json
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from llm.providers.rehearsal import compose
from llm.providers.rehearsal.answers import Answer


class Unfillable(Exception):
    """Nothing was worked out that the schema's value could be."""


def fill(schema: dict[str, Any], answers: list[Answer]) -> str:
    """JSON of ``schema``: numbers from the worked-out values in their order, strings from the text. Raises ``Unfillable``."""
    values = [a.value for a in answers if a.value is not None]
    return json.dumps(_value(schema, answers, values, 0), ensure_ascii=False)


def _value(schema: Any, answers: list[Answer], values: list[Decimal], depth: int) -> JsonValue:
    if not isinstance(schema, dict) or depth > 8:
        return None
    if "enum" in schema or "const" in schema:
        options = schema.get("enum") or [schema.get("const")]
        text = compose.final(answers).lower()
        chosen: JsonValue = next((o for o in options if str(o).lower() in text), options[0])
        return chosen
    kind = schema.get("type")
    kind = next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {name: _value(part, answers, values, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind in ("number", "integer"):
        if not values:
            raise Unfillable
        value = values.pop(0)
        return int(value) if kind == "integer" or value == value.to_integral_value() else float(value)
    if kind == "array":
        return [_value(schema.get("items", {"type": "string"}), answers, values, depth + 1)] if answers else []
    if kind == "boolean":
        return bool(answers) and all(a.found for a in answers)
    return "\n".join(line.text for a in answers for line in a.lines) if kind in ("string", None) else None
