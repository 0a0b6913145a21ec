"""Taking secrets out of values that are shown: settings, error texts, reports."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"

_PASSWORD_IN_URL = re.compile(r"(?P<before>[a-zA-Z][\w+.-]*://[^/\s:@]*:)[^/\s]+(?=@)")
_SECRET_IN_QUERY = re.compile(r"(?i)(?P<before>[?&;](?:[\w-]*(?:password|passwd|secret|token|key|sig|signature))=)[^&;\s\"']+")
_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api[_-]?key|authorization|credential)s?$")


def redact_text(text: str) -> str:
    """``text`` without the passwords and keys in the URLs it holds."""
    text = _PASSWORD_IN_URL.sub(lambda found: found["before"] + HIDDEN, text)
    return _SECRET_IN_QUERY.sub(lambda found: found["before"] + HIDDEN, text)


def redact(value: Any) -> Any:
    """A copy of a JSON value without secrets: texts under a name that says secret, and those inside URLs."""
    if isinstance(value, Mapping):
        return {name: _redact_named(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) else value


def _redact_named(name: str, value: Any) -> Any:
    if isinstance(value, str) and value and _SECRET_NAME.search(name):
        return HIDDEN
    return redact(value)
