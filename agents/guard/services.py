"""Small JSON services that the operator named: one request, bounded in time and size, no redirects, no proxies."""

import json
import os
from functools import cached_property
from ssl import SSLContext
from typing import Any

import httpx

LARGEST_ANSWER = 1_000_000
_ATTEMPTS = 2


class ServiceFailed(Exception):
    """The service gave no answer that can be used; ``str(error)`` says why, without its key."""


class JsonService:
    """``POST`` JSON below ``url`` with a bearer key from the variable ``api_key_env``. What may pass is tried once more."""

    def __init__(self, url: str, api_key_env: str, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._api_key_env = api_key_env
        self._timeout = timeout_seconds

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer's JSON object. Raises ``ServiceFailed``."""
        key = os.environ.get(self._api_key_env, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(self._timeout)
        async with httpx.AsyncClient(verify=self._ssl, trust_env=False, timeout=timeout, headers=headers) as client:
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return await self._once(client, path, body)
                except _Passing as error:
                    if attempt == _ATTEMPTS:
                        raise ServiceFailed(str(error)) from None
        raise AssertionError("unreachable")

    async def _once(self, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with client.stream("POST", f"{self._url}{path}", json=body) as response:
                data = bytearray()
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > LARGEST_ANSWER:
                        raise ServiceFailed(f"{self._url} answered with more than {LARGEST_ANSWER:,} bytes.")
        except httpx.HTTPError as error:
            raise _Passing(f"{self._url} cannot be reached: {type(error).__name__}.") from None
        if response.status_code == 429 or response.status_code >= 500:
            raise _Passing(f"{self._url} answered {response.status_code}.")
        if response.status_code != 200:
            raise ServiceFailed(f"{self._url} answered {response.status_code}.")
        return _object(bytes(data), self._url)

    @cached_property
    def _ssl(self) -> SSLContext:
        return httpx.create_ssl_context(trust_env=False)


class _Passing(Exception):
    pass


def _object(data: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ServiceFailed(f"{url} answered with something that is no JSON object.")
    return answer
