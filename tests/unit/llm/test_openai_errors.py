"""Every exception of the SDK, and every status an API answers with, has its place in our tree."""

import inspect
import json
from collections.abc import Iterator

import aiohttp
import httpx2
import openai
import pytest
from openai import _exceptions as sdk

from llm import errors
from llm.providers.endpoint import Endpoint
from llm.providers.sdk_errors import retry_after, translate

KEY = "sk-very-secret-key"
ENDPOINT = Endpoint("gpt", "https://api.example/v1", "OPENAI_API_KEY", "https://api.example/v1", KEY)
REQUEST = httpx2.Request("POST", "https://api.example/v1/chat/completions")
CLIENT = openai.AsyncOpenAI(api_key="x", base_url="https://api.example/v1")


def status_error(status: int, body: object = None, **headers: str) -> openai.APIStatusError:
    """The exception the SDK itself makes of such a response."""
    content = body if isinstance(body, str) else json.dumps(body or {"error": {"message": "no"}})
    response = httpx2.Response(status, content=content.encode(), headers=headers, request=REQUEST)
    return CLIENT._make_status_error_from_response(response)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (307, errors.InvalidRequest),
        (400, errors.InvalidRequest),
        (401, errors.AuthenticationFailed),
        (402, errors.QuotaExhausted),
        (403, errors.AuthenticationFailed),
        (404, errors.ModelNotFound),
        (405, errors.InvalidRequest),
        (408, errors.TimedOut),
        (409, errors.Overloaded),
        (413, errors.ContextTooLong),
        (422, errors.InvalidRequest),
        (429, errors.RateLimited),
        (500, errors.Overloaded),
        (502, errors.Overloaded),
        (503, errors.Overloaded),
        (504, errors.TimedOut),
        (529, errors.Overloaded),
    ],
)
def test_statuses(status: int, expected: type[errors.LlmError]) -> None:
    assert type(translate(status_error(status), ENDPOINT)) is expected


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"code": "context_length_exceeded", "message": "no"}, errors.ContextTooLong),
        (400, {"type": "exceed_context_size_error", "message": "no"}, errors.ContextTooLong),
        (400, {"message": "This model's maximum context length is 4096 tokens."}, errors.ContextTooLong),
        (422, {"message": "`inputs` tokens + `max_new_tokens` must be <= 4096"}, errors.ContextTooLong),
        (400, {"message": "prompt is too long: 210000 tokens"}, errors.ContextTooLong),
        (400, {"code": "content_filter", "message": "no"}, errors.ContentRefused),
        (429, {"code": "insufficient_quota", "message": "no"}, errors.QuotaExhausted),
        (429, {"type": "insufficient_quota", "code": None, "message": "no"}, errors.QuotaExhausted),
        (429, {"code": "rate_limit_exceeded", "message": "context window"}, errors.RateLimited),
        (400, {"code": "model_not_found", "message": "no"}, errors.ModelNotFound),
        (400, {"code": 7, "type": 3, "message": "no"}, errors.InvalidRequest),
    ],
)
def test_codes_and_words_say_more_than_the_status(status: int, error: object, expected: type[errors.LlmError]) -> None:
    assert type(translate(status_error(status, {"error": error}), ENDPOINT)) is expected


def sdk_exceptions() -> Iterator[type[openai.OpenAIError]]:
    for _, kind in inspect.getmembers(sdk, inspect.isclass):
        if issubclass(kind, openai.OpenAIError):
            yield kind


def made(kind: type[openai.OpenAIError]) -> openai.OpenAIError:
    response = httpx2.Response(getattr(kind, "status_code", 418), json={}, request=REQUEST)
    special = {
        sdk.OAuthError: lambda: sdk.OAuthError(response=httpx2.Response(401, request=REQUEST), body={}),
        sdk.APIError: lambda: sdk.APIError("no", REQUEST, body=None),
        sdk.APIResponseValidationError: lambda: sdk.APIResponseValidationError(response, None),
        sdk.APIConnectionError: lambda: sdk.APIConnectionError(request=REQUEST),
        sdk.APITimeoutError: lambda: sdk.APITimeoutError(REQUEST),
        sdk.LengthFinishReasonError: lambda: sdk.LengthFinishReasonError(
            completion=openai.types.chat.ChatCompletion.construct()
        ),
        sdk.ContentFilterFinishReasonError: sdk.ContentFilterFinishReasonError,
        sdk.InternalServerError: lambda: status_error(500),
        sdk.WebSocketConnectionClosedError: lambda: sdk.WebSocketConnectionClosedError("no", unsent_messages=[]),
    }
    if kind in special:
        return special[kind]()
    if issubclass(kind, sdk.APIStatusError):
        return kind("no", response=response, body={})
    return kind("no")


EXPECTED: dict[type[openai.OpenAIError], type[errors.LlmError]] = {
    sdk.OpenAIError: errors.BrokenAnswer,
    sdk.APIError: errors.BrokenAnswer,
    sdk.SubjectTokenProviderError: errors.BrokenAnswer,
    sdk.WebSocketConnectionClosedError: errors.BrokenAnswer,
    sdk.WebSocketQueueFullError: errors.BrokenAnswer,
    sdk.APIStatusError: errors.InvalidRequest,
    sdk.APIResponseValidationError: errors.MalformedAnswer,
    sdk.LengthFinishReasonError: errors.MalformedAnswer,
    sdk.ContentFilterFinishReasonError: errors.ContentRefused,
    sdk.APIConnectionError: errors.StreamCut,
    sdk.APITimeoutError: errors.TimedOut,
    sdk.BadRequestError: errors.InvalidRequest,
    sdk.AuthenticationError: errors.AuthenticationFailed,
    sdk.OAuthError: errors.AuthenticationFailed,
    sdk.PermissionDeniedError: errors.AuthenticationFailed,
    sdk.NotFoundError: errors.ModelNotFound,
    sdk.ConflictError: errors.Overloaded,
    sdk.UnprocessableEntityError: errors.InvalidRequest,
    sdk.RateLimitError: errors.RateLimited,
    sdk.InternalServerError: errors.Overloaded,
}


def test_no_exception_of_the_sdk_is_left_out() -> None:
    assert {kind: type(translate(made(kind), ENDPOINT)) for kind in sdk_exceptions()} == EXPECTED


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (aiohttp.ServerDisconnectedError(), errors.StreamCut),
        (aiohttp.ClientPayloadError("cut"), errors.StreamCut),
        (aiohttp.ClientOSError(104, "reset"), errors.StreamCut),
        (aiohttp.SocketTimeoutError(), errors.TimedOut),
        (aiohttp.ConnectionTimeoutError(), errors.Unreachable),
        (httpx2.ConnectError("refused"), errors.Unreachable),
        (httpx2.DecodingError("bad gzip"), errors.StreamCut),
    ],
)
def test_only_a_connection_never_made_is_surely_not_billed(cause: Exception, expected: type[errors.LlmError]) -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectTimeout("", request=REQUEST)
    error.__cause__.__cause__ = cause
    assert type(translate(error, ENDPOINT)) is expected


def test_errors_of_the_http_stack_itself() -> None:
    assert type(translate(httpx2.DecodingError("bad gzip"), ENDPOINT)) is errors.MalformedAnswer
    assert type(translate(httpx2.UnsupportedProtocol("x"), ENDPOINT)) is errors.InvalidRequest
    assert type(translate(httpx2.ReadError("cut"), ENDPOINT)) is errors.StreamCut
    assert type(translate(aiohttp.ClientError("odd"), ENDPOINT)) is errors.StreamCut


def test_the_key_and_long_pages_stay_out_of_messages() -> None:
    told = translate(status_error(401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}), ENDPOINT)
    assert KEY not in told.message
    assert "Incorrect API key provided: [key]." in told.message
    assert "OPENAI_API_KEY" in told.hint
    page = translate(status_error(502, "<html><body>Bad gateway</body></html>"), ENDPOINT)
    assert "an HTML page" in page.message
    assert len(translate(status_error(500, "x" * 10_000), ENDPOINT).message) < 700


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": "why not"}}, {"error": "why not"}, {"detail": "why not"}, {"message": "why not"}, "why not"],
)
def test_the_servers_own_words_are_found(body: object) -> None:
    assert translate(status_error(400, body), ENDPOINT).message.endswith("answered 400: why not")


def test_a_redirect_names_where_it_leads() -> None:
    told = translate(status_error(308, "", location="https://elsewhere/v1"), ENDPOINT)
    assert "https://elsewhere/v1" in told.message
    assert "base_url" in told.hint


NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers, NOW) == expected


def test_a_rate_limit_carries_its_wait() -> None:
    assert translate(status_error(429, None, **{"retry-after": "7"}), ENDPOINT).retry_after == 7.0
