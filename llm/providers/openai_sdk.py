"""Models asked through OpenAI's SDK: OpenAI itself, Azure, and every server that speaks Chat Completions."""

from typing import Any

from journal.errors import ConfigurationError
from llm.providers.adapter import Adapter
from llm.providers.endpoint import Endpoint
from llm.providers.http import Sdk
from llm.providers.openai_chat import ChatFormat
from llm.providers.openai_responses import ResponsesFormat
from llm.providers.wire import WireFormat
from llm.settings import ModelSettings

_OPENAI_URL = "https://api.openai.com/v1"
_KEY_VARIABLE = "OPENAI_API_KEY"

# OpenAI's newer models refuse `max_tokens`; most compatible servers know no other name, and would leave the answer
# unbounded without saying so.
_OPENAI_LIMIT = "max_completion_tokens"
_COMPATIBLE_LIMIT = "max_tokens"


def openai(settings: ModelSettings) -> Adapter:
    """OpenAI: its Responses API, or Chat Completions where ``api`` says so.

    Like the others here, raises ``ConfigurationError`` for a missing address or key and for settings that cannot be.
    """
    endpoint = Endpoint.of(settings, default_url=_OPENAI_URL, key_variable=_KEY_VARIABLE, key_needed=True)
    return Adapter(settings, endpoint, _format(settings), OPENAI_CLIENT)


def openai_compatible(settings: ModelSettings) -> Adapter:
    """Any server that speaks Chat Completions: vLLM, Ollama, llama.cpp, TGI, Hugging Face, ..."""
    if settings.api == "responses":
        raise ConfigurationError(
            f"The model {settings.model} is asked through Chat Completions.",
            hint='For a server that speaks the Responses API, write `provider = "openai"` with its `base_url`.',
        )
    endpoint = Endpoint.of(settings, default_url=None, key_variable=_KEY_VARIABLE, key_needed=False)
    return Adapter(settings, endpoint, ChatFormat(settings, _COMPATIBLE_LIMIT, schema_beside_tools=False), COMPATIBLE_CLIENT)


def azure(settings: ModelSettings) -> Adapter:
    """A deployment on Azure OpenAI: ``model`` is its name, ``base_url`` the resource's address, ``api_version`` needed."""
    version = settings.api_version
    if settings.base_url is None or version is None:
        raise ConfigurationError(
            f"The Azure deployment {settings.model} needs a `base_url` and an `api_version`.",
            hint='Write `base_url = "https://RESOURCE.openai.azure.com"` and an `api_version` that Azure lists.',
        )
    endpoint = Endpoint.of(settings, default_url=None, key_variable="AZURE_OPENAI_API_KEY", key_needed=True)

    def connect(sdk: Any, at: Endpoint, common: dict[str, Any]) -> Any:
        return sdk.AsyncAzureOpenAI(
            api_key=at.key, azure_endpoint=at.url, azure_deployment=settings.model, api_version=version, **common
        )

    return Adapter(settings, endpoint, _format(settings), Sdk("openai", connect), listing=None)


def _format(settings: ModelSettings) -> WireFormat:
    return (
        ChatFormat(settings, _OPENAI_LIMIT, schema_beside_tools=True) if settings.api == "chat" else ResponsesFormat(settings)
    )


def _connect(sdk: Any, endpoint: Endpoint, common: dict[str, Any]) -> Any:
    return sdk.AsyncOpenAI(api_key=endpoint.key, base_url=endpoint.url, **common)


def _connect_elsewhere(sdk: Any, endpoint: Endpoint, common: dict[str, Any]) -> Any:
    client = _connect(sdk, endpoint, common)
    # The SDK takes these from the environment; other servers have no business with them.
    client.organization = client.project = None
    return client


OPENAI_CLIENT = Sdk("openai", _connect)
COMPATIBLE_CLIENT = Sdk("openai", _connect_elsewhere)
