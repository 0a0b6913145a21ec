"""Where a model is asked and with which key: read from settings and environment, and how errors name it."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from journal.errors import ConfigurationError
from llm.settings import ModelSettings

_NO_KEY = "none"
"""Local servers want no key, but SDKs want to send one."""

_SHORTEST_SECRET = 8
_LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one address. ``address`` is safe to show; ``url`` may hold a password, as ``key`` is one."""

    model: str
    address: str
    key_variable: str
    url: str = field(repr=False)
    key: str = field(repr=False)

    @classmethod
    def of(cls, settings: ModelSettings, *, default_url: str | None, key_variable: str, key_needed: bool) -> "Endpoint":
        """The endpoint that ``settings`` name, with the key from ``api_key_env``, else ``key_variable``.

        Raises ``ConfigurationError`` for a missing or impossible address, or a missing key where one is needed.
        """
        url = settings.base_url or default_url
        if url is None:
            raise ConfigurationError(
                f"The model {settings.model} has no address.", hint='Write its `base_url`, as "http://127.0.0.1:8000/v1".'
            )
        variable = settings.api_key_env or key_variable
        key = _key(settings, variable, needed=key_needed or settings.api_key_env is not None)
        return cls(settings.model, _shown(url), variable, url, key)

    @property
    def key_if_any(self) -> str | None:
        """The key, for SDKs that look for another way to sign in where there is none."""
        return None if self.key == _NO_KEY else self.key

    def clean(self, text: str) -> str:
        """``text`` from outside, made fit for an error: without the key, and not too long."""
        if len(self.key) >= _SHORTEST_SECRET:
            text = text.replace(self.key, "[key]")
        return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}..."


def _shown(url: str) -> str:
    """``url`` without user, password and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("A model's `base_url` is not an HTTP address.", hint='Write it as "https://host/v1".')
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _key(settings: ModelSettings, variable: str, *, needed: bool) -> str:
    key = os.environ.get(variable, "").strip()
    if not key and needed:
        raise ConfigurationError(
            f"The model {settings.model} needs a key, and {variable} is not set.",
            hint=f"Set the environment variable {variable}.",
        )
    if any(not "!" <= letter <= "~" for letter in key):
        raise ConfigurationError(
            f"The key in {variable} holds a space or a character that is not ASCII.", hint="Copy the key again."
        )
    return key or _NO_KEY
