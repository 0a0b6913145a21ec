"""Every exception of Anthropic's SDK, and every error its API has a name for, has its place in our tree."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import anthropic
import httpx2
import pytest
from anthropic import _exceptions as sdk
from anthropic.types import shared

from llm import errors
from llm.providers.anthropic_stream import MessagesAssembly
from llm.providers.endpoint import Endpoint
from llm.providers.sdk_errors import translate

KEY = "sk-ant-very-secret-key"
ENDPOINT = Endpoint("claude", "https://api.example", "ANTHROPIC_API_KEY", "https://api.example", KEY)
REQUEST = httpx2.Request("POST", "https://api.example/v1/messages")
CLIENT = anthropic.AsyncAnthropic(api_key="x", base_url="https://api.example")


def status_error(status: int, kind: str = "x", message: str = "no", **more: str) -> anthropic.APIStatusError:
    """The exception the SDK itself makes of such a response."""
    details = {"details": {"error_code": more.pop("error_code")}} if "error_code" in more else {}
    body = {"type": "error", "error": {"type": kind, "message": message, **details}}
    response = httpx2.Response(status, content=json.dumps(body).encode(), headers=more, request=REQUEST)
    return CLIENT._make_status_error_from_response(response)


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "invalid_request_error", errors.InvalidRequest),
        (401, "authentication_error", errors.AuthenticationFailed),
        (402, "billing_error", errors.QuotaExhausted),
        (403, "permission_error", errors.AuthenticationFailed),
        (404, "not_found_error", errors.ModelNotFound),
        (413, "request_too_large", errors.ContextTooLong),
        (429, "rate_limit_error", errors.RateLimited),
        (500, "api_error", errors.Overloaded),
        (504, "timeout_error", errors.TimedOut),
        (529, "overloaded_error", errors.Overloaded),
    ],
)
def test_the_errors_that_the_api_has_a_name_for(status: int, kind: str, expected: type[errors.LlmError]) -> None:
    translated = translate(status_error(status, kind), ENDPOINT)
    assert type(translated) is expected
    assert translated.message == f"claude at https://api.example answered {status}: no"


def test_no_name_of_the_api_is_left_out() -> None:
    named = {"invalid_request_error", "api_error"}  # which say no more than their status
    objects = [kind for name, kind in inspect.getmembers(shared, inspect.isclass) if name.endswith("ErrorObject")]
    assert len(objects) >= 8
    from llm.providers.sdk_errors import of_code

    for kind in [*objects, shared.AuthenticationError, shared.BillingError, shared.PermissionError]:
        (name,) = kind.model_fields["type"].annotation.__args__
        assert (of_code(name) is None) == (name in named), name


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (status_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "ContextTooLong"),
        (status_error(400, "invalid_request_error", "Your credit balance is too low to access the API."), "QuotaExhausted"),
        (status_error(429, "rate_limit_error", error_code="enforced_spend_limit_reached"), "QuotaExhausted"),
        (status_error(429, "rate_limit_error", error_code="ramp_limit_exceeded"), "RateLimited"),
        (status_error(400, "invalid_request_error", error_code="organization_on_hold"), "QuotaExhausted"),
    ],
)
def test_words_and_codes_say_more_than_the_status(error: Exception, expected: str) -> None:
    assert type(translate(error, ENDPOINT)).__name__ == expected


def own_exceptions() -> Iterator[type[Any]]:
    for _, kind in inspect.getmembers(sdk, inspect.isclass):
        if issubclass(kind, anthropic.AnthropicError):
            yield kind


def made(kind: type[Any]) -> Exception:
    response = httpx2.Response(getattr(kind, "status_code", 500 if kind is sdk.InternalServerError else 418), request=REQUEST)
    error: Exception
    if kind is sdk.APIResponseValidationError:
        error = kind(response, None)
    elif issubclass(kind, sdk.APIStatusError):
        error = kind("no", response=response, body={})
    elif kind is sdk.APITimeoutError:
        error = kind(REQUEST)
    elif kind is sdk.APIConnectionError:
        error = kind(request=REQUEST)
    elif issubclass(kind, sdk.APIError):
        error = kind("no", REQUEST, body=None)
    else:
        error = kind("no")
    return error


EXPECTED: dict[type[Any], type[errors.LlmError]] = {
    sdk.AnthropicError: errors.BrokenAnswer,
    sdk.APIError: errors.BrokenAnswer,
    sdk.APIWebhookValidationError: errors.BrokenAnswer,
    sdk.RetryableError: errors.BrokenAnswer,
    sdk.CredentialsError: errors.AuthenticationFailed,
    sdk.IdentityTokenFileError: errors.AuthenticationFailed,
    sdk.APIResponseValidationError: errors.MalformedAnswer,
    sdk.APIConnectionError: errors.StreamCut,
    sdk.APITimeoutError: errors.TimedOut,
    sdk.APIStatusError: errors.InvalidRequest,
    sdk.BadRequestError: errors.InvalidRequest,
    sdk.AuthenticationError: errors.AuthenticationFailed,
    sdk.PaymentRequiredError: errors.QuotaExhausted,
    sdk.PermissionDeniedError: errors.AuthenticationFailed,
    sdk.NotFoundError: errors.ModelNotFound,
    sdk.RequestTimeoutError: errors.TimedOut,
    sdk.ConflictError: errors.Overloaded,
    sdk.PreconditionFailedError: errors.InvalidRequest,
    sdk.ContentTooLargeError: errors.ContextTooLong,
    sdk.UnprocessableEntityError: errors.InvalidRequest,
    sdk.RateLimitError: errors.RateLimited,
    sdk.RequestHeaderFieldsTooLargeError: errors.InvalidRequest,
    sdk.ClientClosedRequestError: errors.StreamCut,
    sdk.InternalServerError: errors.Overloaded,
    sdk.HTTPNotImplementedError: errors.InvalidRequest,
    sdk.ServiceUnavailableError: errors.Overloaded,
    sdk.GatewayTimeoutError: errors.TimedOut,
    sdk.OverloadedError: errors.Overloaded,
}


def test_no_exception_of_the_sdk_is_left_out() -> None:
    assert {kind: type(translate(made(kind), ENDPOINT)) for kind in own_exceptions()} == EXPECTED


def test_a_rate_limit_carries_its_wait_and_no_key() -> None:
    told = translate(status_error(429, "rate_limit_error", f"Slow down, {KEY}.", **{"retry-after": "7"}), ENDPOINT)
    assert told.retry_after == 7.0
    assert KEY not in told.message


def event(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}).encode()


OVERLOADED = event("error", error={"type": "overloaded_error", "message": "busy"})


def test_an_error_before_the_first_word_cost_nothing() -> None:
    with pytest.raises(errors.Overloaded, match="busy"):
        MessagesAssembly(print).add(OVERLOADED)


def test_an_error_behind_it_may_have_been_billed() -> None:
    assembly = MessagesAssembly(print)
    assembly.add(event("message_start", message={"id": "m"}))
    with pytest.raises(errors.StreamCut, match="busy"):
        assembly.add(OVERLOADED)


@pytest.mark.parametrize("between", [httpx2.ConnectError(""), httpx2.ConnectTimeout("")])
def test_a_connection_that_was_closed_is_not_one_that_was_never_made(between: Exception) -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = between
    between.__cause__ = aiohttp.ServerDisconnectedError()
    assert type(translate(error, ENDPOINT)) is errors.StreamCut
