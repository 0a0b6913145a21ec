"""Digests over canonical JSON: what approvals, intents, prompts and pinned tools are bound to."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; NaN and infinities raise ``ValueError``."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_bytes(data: bytes) -> str:
    """The SHA-256 of ``data``, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value's canonical form, as 64 hexadecimal digits."""
    return digest_bytes(canonical_json(value))


def intent_key(tenant: str, task_id: str, tool: str, version: str, args: dict[str, Any], occurrence: int) -> str:
    """The identity of one effect, stable across crashes and plan revisions.

    ``occurrence`` counts from 0 the calls of one task with the same tool, version and arguments.
    """
    return digest([tenant, task_id, tool, version, args, occurrence])


def approval_digest(calls: Iterable[dict[str, Any]], task_id: str = "", plan_version: int = 0) -> str:
    """What an approval is bound to: task, plan version, and each call's tool, version, arguments and their labels."""
    return digest([task_id, plan_version, list(calls)])
