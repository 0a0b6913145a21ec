"""Holding a model to a JSON Schema by the means its API has. Pure."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from journal.values import Message
from llm.providers.wire import to_bytes
from llm.types import Completion, Request, ToolOffer
from trust.labels import SYSTEM

ANSWER_TOOL = "submit_answer"
_WRAPPED = "value"


def is_strict(schema: Any) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed, and all of its properties required."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required") or ()) != set(properties):
            return False
    return all(is_strict(part) for part in schema.values())


def through_tool(request: Request) -> Request:
    """The request with its schema as a tool that gives the answer; the model may still call another, if any is offered."""
    offer = ToolOffer(ANSWER_TOOL, "Give the answer. Call this when the answer is known.", _as_object(request.schema or {}))
    choice = "required" if request.tools and request.tool_choice != "none" else ANSWER_TOOL
    tools = (*request.tools, offer) if choice == "required" else (offer,)
    return replace(request, tools=tools, tool_choice=choice, schema=None)


def from_tool(completion: Completion, schema: Mapping[str, Any]) -> Completion:
    """The completion with the answer tool's arguments as its text. Other calls of the same turn are dropped: they were
    asked for beside a final answer."""
    for call in completion.tool_calls:
        if call.tool == ANSWER_TOOL:
            wrapped = _as_object(schema) is not schema
            value = call.args.get(_WRAPPED) if wrapped and call.malformed is None else call.args
            content = to_bytes(value).decode() if call.malformed is None else call.malformed
            reason = "length" if completion.finish_reason == "length" else "stop"
            return replace(completion, content=content, tool_calls=(), finish_reason=reason, opaque=None)
    return completion


def told_in_words(schema: Mapping[str, Any]) -> Message:
    """For servers that can promise JSON, and no schema."""
    text = f"Answer with a JSON value of this JSON Schema, and with nothing else:\n{json.dumps(schema, ensure_ascii=False)}"
    return Message(role="user", content=text, label=SYSTEM)


def _as_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Tools take objects: any other value becomes the only property of one."""
    if schema.get("type") == "object" and isinstance(schema, dict):
        return schema
    inner = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
    outer = {key: value for key, value in schema.items() if key in ("$defs", "definitions")}
    return {"type": "object", "properties": {_WRAPPED: inner}, "required": [_WRAPPED], **outer}
