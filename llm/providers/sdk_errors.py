"""The exceptions of the official SDKs, and those of the HTTP stack under them, as errors of ``llm.errors``.

OpenAI's and Anthropic's SDKs are made by one generator: their exceptions have the same names and fields. Imported only
when a call is made: the HTTP stack is heavy.
"""

import re
import sys
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import aiohttp
import httpx2

from llm import errors
from llm.providers.endpoint import Endpoint

_STACK = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, aiohttp.ClientError)
_SDKS = ("openai", "anthropic")
_CREDENTIALS = (
    ("anthropic", "CredentialsError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
)
"""What says that no key could be had, where a cloud's own library looks for it."""

_NO_CONNECTION = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    httpx2.ConnectError,
    httpx2.ProxyError,
    httpx2.PoolTimeout,
)
_TIMEOUTS = (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout)
_BY_STATUS: dict[int, type[errors.LlmError]] = {
    401: errors.AuthenticationFailed,
    402: errors.QuotaExhausted,
    403: errors.AuthenticationFailed,
    404: errors.ModelNotFound,
    408: errors.TimedOut,
    409: errors.Overloaded,
    499: errors.StreamCut,
    501: errors.InvalidRequest,
    413: errors.ContextTooLong,
    429: errors.RateLimited,
    504: errors.TimedOut,
    524: errors.TimedOut,
}
_BY_CODE: dict[str, type[errors.LlmError]] = {
    "context_length_exceeded": errors.ContextTooLong,
    "exceed_context_size_error": errors.ContextTooLong,
    "string_above_max_length": errors.ContextTooLong,
    "content_filter": errors.ContentRefused,
    "content_policy_violation": errors.ContentRefused,
    "insufficient_quota": errors.QuotaExhausted,
    "billing_hard_limit_reached": errors.QuotaExhausted,
    "billing_not_active": errors.QuotaExhausted,
    "model_not_found": errors.ModelNotFound,
    "billing_error": errors.QuotaExhausted,
    "contract_spend_limit_reached": errors.QuotaExhausted,
    "enforced_spend_limit_reached": errors.QuotaExhausted,
    "organization_on_hold": errors.QuotaExhausted,
    "authentication_error": errors.AuthenticationFailed,
    "permission_error": errors.AuthenticationFailed,
    "not_found_error": errors.ModelNotFound,
    "request_too_large": errors.ContextTooLong,
    "rate_limit_error": errors.RateLimited,
    "overloaded_error": errors.Overloaded,
    "timeout_error": errors.TimedOut,
}
_TOO_LONG = re.compile(
    r"context (length|window|size)|maximum (context|prompt|input)|(prompt|input) is too long|too many (input )?tokens"
    r"|reduce the length|inputs` tokens",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"credit balance is too low", re.IGNORECASE)
_HTML = re.compile(r"^\s*<(!doctype|html)", re.IGNORECASE)


def transport_errors() -> tuple[type[BaseException], ...]:
    """All that a call through an SDK can raise because of the network, the API, or a key that cannot be had."""
    return (*_loaded(("openai", "OpenAIError"), ("anthropic", "AnthropicError"), *_CREDENTIALS), *_STACK)


def translate(error: BaseException, endpoint: Endpoint) -> errors.LlmError:
    """The error of ours that says what ``error`` means for the caller. An unknown one counts as perhaps billed."""
    if isinstance(error, _sdk("APIStatusError")):
        return _from_status(error, endpoint)
    detail = endpoint.clean(str(error) or type(error).__name__)
    if isinstance(error, _loaded(*_CREDENTIALS)):
        return no_credentials(endpoint, detail)
    if isinstance(error, _sdk("ContentFilterFinishReasonError")):
        return errors.ContentRefused(f"{endpoint.model} was stopped by its content filter.")
    if isinstance(error, (*_sdk("APIResponseValidationError", "LengthFinishReasonError"), httpx2.DecodingError)):
        return errors.MalformedAnswer(f"{endpoint.address} sent an answer that cannot be read: {detail}")
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return errors.InvalidRequest(
            f"{endpoint.address} is not an address that can be asked: {detail}", hint="Mend `base_url`."
        )
    if isinstance(error, (*_sdk("APIConnectionError"), httpx2.HTTPError, aiohttp.ClientError)):
        return _from_connection(error, endpoint)
    return errors.BrokenAnswer(f"Asking {endpoint.model} at {endpoint.address} failed: {detail}")


def no_credentials(endpoint: Endpoint, detail: str) -> errors.AuthenticationFailed:
    """Nothing was sent, as no key could be had."""
    return errors.AuthenticationFailed(
        f"No key for {endpoint.model} could be had: {detail}", hint=f"Set {endpoint.key_variable}, or sign in to its cloud."
    )


def of_code(code: str) -> type[errors.LlmError] | None:
    """What an API's own name for an error says, where it says more than a status could."""
    return _BY_CODE.get(code)


def _sdk(*names: str) -> tuple[type[Any], ...]:
    return _loaded(*((module, name) for module in _SDKS for name in names))


def _loaded(*places: tuple[str, str]) -> tuple[type[Any], ...]:
    """Those of the classes whose modules are imported: nothing else can have been raised."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in places)
    return tuple(kind for kind in found if kind is not None)


def _from_connection(error: BaseException, endpoint: Endpoint) -> errors.LlmError:
    """Whether a connection was ever made decides whether the call may have been billed."""
    causes = list(_causes(error))
    detail = endpoint.clean(str(causes[-1]) or type(causes[-1]).__name__)
    # The stack over aiohttp calls a connection that was closed one that was never made: where aiohttp spoke, it alone counts.
    believed = [cause for cause in causes if isinstance(cause, aiohttp.ClientError)] or causes
    if any(isinstance(cause, _NO_CONNECTION) for cause in believed):
        return errors.Unreachable(
            f"{endpoint.address} cannot be reached: {detail}.", hint="Is the server up, and `base_url` its address?"
        )
    # The stack under the SDK calls a connection that was closed a timeout too: only a timeout at the root is one.
    if any(isinstance(cause, _TIMEOUTS) for cause in causes) or isinstance(causes[-1], _sdk("APITimeoutError")):
        return timed_out(endpoint)
    return errors.StreamCut(f"{endpoint.address} closed the connection before the whole answer came: {detail}.")


def timed_out(endpoint: Endpoint) -> errors.TimedOut:
    """No whole answer came within the model's ``timeout_seconds``."""
    return errors.TimedOut(
        f"{endpoint.model} at {endpoint.address} did not answer in time.", hint="Raise the model's `timeout_seconds`."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _from_status(error: Any, endpoint: Endpoint) -> errors.LlmError:
    status = error.status_code
    detail = _detail(error)
    kind = _kind(status, _codes(error), detail)
    text = f"{endpoint.model} at {endpoint.address} answered {status}: {endpoint.clean(detail)}"
    return kind(text, hint=_hint(kind, status, endpoint), retry_after=retry_after(error.response.headers, time.time()))


def _codes(error: Any) -> list[str]:
    """The error's names, the most telling first: OpenAI's ``code`` and ``type``, Anthropic's ``error_code`` and ``type``."""
    return [str(getattr(error, field, None) or "") for field in ("error_code", "code", "type")]


def _kind(status: int, codes: list[str], detail: str) -> type[errors.LlmError]:
    if status in (400, 413, 422) and _TOO_LONG.search(detail):
        return errors.ContextTooLong
    if status == 400 and _NO_CREDIT.search(detail):
        return errors.QuotaExhausted
    if status < 500:
        for code in codes:
            if code in _BY_CODE:
                return _BY_CODE[code]
    return _BY_STATUS.get(status) or (errors.Overloaded if status >= 500 else errors.InvalidRequest)


def _detail(error: Any) -> str:
    """What the server said, in whichever of the usual places: ``error.message``, ``error``, ``detail``, plain text."""
    body: Any = error.body
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):  # OpenAI's SDK takes this layer off itself
        body = body["error"]
    if isinstance(body, Mapping):
        body = body.get("message") or body.get("detail") or body
    text = str(body or "").strip()
    if error.response.is_redirect:
        return f"a redirect to {error.response.headers.get('location', 'nowhere')}"
    if _HTML.match(text):
        return "an HTML page"
    return text or error.response.reason_phrase or "no reason given"


def _hint(kind: type[errors.LlmError], status: int, endpoint: Endpoint) -> str:
    if 300 <= status < 400:
        return "Set `base_url` to the address it redirects to."
    hints: dict[type[errors.LlmError], str] = {
        errors.AuthenticationFailed: f"Check the key in {endpoint.key_variable} and what it permits.",
        errors.ModelNotFound: "Check `model` and `base_url`; most addresses end in `/v1`.",
        errors.ContextTooLong: "Set the model's `context_window` to what it really is.",
        errors.QuotaExhausted: "Add credit to the provider's account, or route to another model.",
        errors.RateLimited: "Wait, ask for a higher limit, or route to another model.",
    }
    return hints.get(kind, "")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, as ``retry-after-ms`` or ``retry-after`` (seconds or an HTTP date) say; ``now`` is Unix time."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if isfinite(seconds):
            return max(seconds, 0.0)
    try:
        return max(parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now, 0.0)
    except ValueError:
        return None
