"""The secret values this process knows, so that none of them reaches a journal, a log or a prompt."""

import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from agents.settings import RuntimeSettings

STANDARD_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "CO_API_KEY")


def known_secrets(settings: RuntimeSettings) -> frozenset[str]:
    """Values of the variables that hold provider keys or are given to MCP servers, and the database's password."""
    return frozenset(secret for secret in _secrets(settings) if secret)


def _secrets(settings: RuntimeSettings) -> Iterator[str]:
    named = [model.api_key_env for model in settings.models.values()]
    if settings.embedder is not None:
        named.append(settings.embedder.api_key_env)
    named.append(settings.memory.qdrant_api_key_env)
    named += [variable for server in settings.mcp_servers.values() for variable in server.variables]
    named += settings.tools.mcp.task_variables
    named += [settings.guard.rebuff.api_key_env, settings.guard.moderation.api_key_env]
    for variable in (*STANDARD_VARIABLES, *filter(None, named)):
        value = os.environ.get(variable, "")
        yield value
        yield value.removeprefix("Bearer ")
    yield unquote(urlsplit(settings.journal_url).password or "")
    yield unquote(urlsplit(settings.memory_server or "").password or "")
