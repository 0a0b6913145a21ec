"""Models asked through Anthropic's SDK: Anthropic itself, and Claude on Amazon Bedrock and Google Vertex AI."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from importlib.util import find_spec
from typing import Any

from journal.errors import ConfigurationError
from llm.providers.adapter import Adapter
from llm.providers.anthropic_messages import MessagesFormat
from llm.providers.endpoint import Endpoint
from llm.providers.http import Sdk
from llm.settings import ModelSettings

_ANTHROPIC_URL = "https://api.anthropic.com"


def anthropic(settings: ModelSettings) -> Adapter:
    """Anthropic, or a server that speaks its Messages API. A ``base_url`` may end in ``/v1`` or not.

    Like the others here, raises ``ConfigurationError`` for a missing key, region or package.
    """
    if settings.base_url is not None:
        settings = settings.model_copy(update={"base_url": settings.base_url.rstrip("/").removesuffix("/v1")})
    endpoint = Endpoint.of(settings, default_url=_ANTHROPIC_URL, key_variable="ANTHROPIC_API_KEY", key_needed=True)

    def connect(sdk: Any, at: Endpoint, common: dict[str, Any]) -> Any:
        return sdk.AsyncAnthropic(api_key=at.key, base_url=at.url, **common)

    listing = "/v1/models?limit=1000"
    return Adapter(settings, endpoint, MessagesFormat(settings), Sdk("anthropic", connect), listing=listing)


def bedrock(settings: ModelSettings) -> Adapter:
    """Claude on Amazon Bedrock. The key is Bedrock's own, if there is one; else AWS's usual credentials sign."""
    _check_extra("bedrock", "boto3")
    region = _needed(settings, "region", settings.region, "AWS_REGION", "AWS_DEFAULT_REGION")
    url = f"https://bedrock-runtime.{region}.amazonaws.com"
    endpoint = Endpoint.of(settings, default_url=url, key_variable="AWS_BEARER_TOKEN_BEDROCK", key_needed=False)

    def connect(sdk: Any, at: Endpoint, common: dict[str, Any]) -> Any:
        return sdk.AsyncAnthropicBedrock(aws_region=region, api_key=at.key_if_any, base_url=at.url, **common)

    sdk = Sdk("anthropic", connect, takes_objects=True)
    return Adapter(settings, endpoint, MessagesFormat(settings), sdk, listing=None, events=_aws_events)


def vertex(settings: ModelSettings) -> Adapter:
    """Claude on Google Vertex AI. The key is an access token, if there is one; else Google's default credentials are."""
    _check_extra("vertex", "google.auth")
    region = _needed(settings, "region", settings.region, "CLOUD_ML_REGION")
    project = _needed(settings, "project", settings.project, "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT")
    host = "aiplatform.googleapis.com" if region == "global" else f"{region}-aiplatform.googleapis.com"
    endpoint = Endpoint.of(settings, default_url=f"https://{host}/v1", key_variable="GOOGLE_ACCESS_TOKEN", key_needed=False)

    def connect(sdk: Any, at: Endpoint, common: dict[str, Any]) -> Any:
        return sdk.AsyncAnthropicVertex(
            region=region, project_id=project, access_token=at.key_if_any, base_url=at.url, **common
        )

    sdk = Sdk("anthropic", connect, takes_objects=True)
    return Adapter(settings, endpoint, MessagesFormat(settings), sdk, listing=None)


def _needed(settings: ModelSettings, field: str, value: str | None, *variables: str) -> str:
    for found in (value, *(os.environ.get(variable) for variable in variables)):
        if found:
            return found
    raise ConfigurationError(
        f"The model {settings.model} needs a `{field}`.", hint=f"Write its `{field}`, or set {variables[0]}."
    )


def _check_extra(extra: str, package: str) -> None:
    try:
        found = find_spec(package)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ConfigurationError(
            f"The provider `{extra}` needs a package that is not installed.", hint=f"pip install 'journeyman[{extra}]'"
        )


async def _aws_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The data of each event in AWS's binary framing."""
    from anthropic.lib.bedrock._stream_decoder import AWSEventStreamDecoder

    async for event in AWSEventStreamDecoder().aiter_bytes(pieces):
        yield event.data.encode()
