"""Taking secrets out of values: those that are known, by ``Redactor``; those that look like one, by ``redact``."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "***"
MIN_SECRET_CHARS = 6
"""A shorter secret protects nothing, and taking it out would tear holes into ordinary text."""

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


class Redactor:
    """Takes secrets known by their value out of texts and JSON values, wherever in them they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def redact_text(self, text: str) -> str:
        """``text`` with asterisks in place of each known secret."""
        return text if self._known is None else self._known.sub(HIDDEN, text)

    def redact(self, value: Any) -> Any:
        """A JSON value with every text in it redacted, names of objects included."""
        if self._known is None:
            return value
        if isinstance(value, Mapping):
            return {self.redact_text(str(name)): self.redact(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.redact(item) for item in value]
        return self.redact_text(value) if isinstance(value, str) else value
