"""The secret values this process knows, so that none of them reaches a journal, a log or a prompt."""

import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from agents.settings import RuntimeSettings

STANDARD_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def known_secrets(settings: RuntimeSettings) -> frozenset[str]:
    """Values of the variables that hold provider keys, and the database's password."""
    return frozenset(secret for secret in _secrets(settings) if secret)


def _secrets(settings: RuntimeSettings) -> Iterator[str]:
    named = [model.api_key_env for model in settings.models.values()]
    if settings.embedder is not None:
        named.append(settings.embedder.api_key_env)
    for variable in (*STANDARD_VARIABLES, *filter(None, named)):
        yield os.environ.get(variable, "")
    yield unquote(urlsplit(settings.journal_url).password or "")
