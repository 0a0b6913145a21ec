"""Every way a model call can fail, as a tree. Providers map their own errors onto it, and a test checks that none is left out.

LlmError
├── RefusedRequest        the API did no work: certainly not billed
│   ├── RateLimited       too many requests; ``retry_after`` seconds, if the API said
│   ├── Overloaded        5xx before any work (500, 502, 503, 529)
│   ├── Unreachable       no connection could be made
│   ├── AuthenticationFailed   wrong or missing key, or no permission
│   ├── ModelNotFound     no such model at this address
│   ├── ContextTooLong    the prompt does not fit the model's window
│   ├── InvalidRequest    the API calls the request malformed
│   └── QuotaExhausted    the account has no credit left
├── BrokenAnswer          work was done and perhaps billed, but no whole answer came
│   ├── TimedOut          no answer in time
│   ├── StreamCut         the connection broke in the middle
│   └── MalformedAnswer   the answer is not what the API promises
└── ContentRefused        the provider's filter or the model declined
"""

from journal.errors import JourneymanError


class LlmError(JourneymanError):
    """A model call failed.

    ``maybe_billed``: the reservation must be counted as spent. ``retryable``: the same call may work later.
    """

    maybe_billed = False
    retryable = False

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class RefusedRequest(LlmError):
    """The API did no work."""


class RateLimited(RefusedRequest):
    retryable = True


class Overloaded(RefusedRequest):
    retryable = True


class Unreachable(RefusedRequest):
    retryable = True


class AuthenticationFailed(RefusedRequest):
    pass


class ModelNotFound(RefusedRequest):
    pass


class ContextTooLong(RefusedRequest):
    pass


class InvalidRequest(RefusedRequest):
    pass


class QuotaExhausted(RefusedRequest):
    pass


class BrokenAnswer(LlmError):
    """Work was done and perhaps billed."""

    maybe_billed = True
    retryable = True


class TimedOut(BrokenAnswer):
    pass


class StreamCut(BrokenAnswer):
    pass


class MalformedAnswer(BrokenAnswer):
    pass


class ContentRefused(LlmError):
    maybe_billed = True
