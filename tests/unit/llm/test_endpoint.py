import os
import subprocess
import sys

import pytest

from journal.errors import ConfigurationError
from llm.providers.endpoint import Endpoint
from llm.providers.openai_sdk import openai_compatible
from llm.settings import ModelSettings

UNSET = "A_VARIABLE_NOBODY_SETS"


def endpoint(url: str | None, *, variable: str | None = None, needed: bool = False) -> Endpoint:
    settings = ModelSettings(provider="openai_compatible", model="m", base_url=url, api_key_env=variable)
    return Endpoint.of(settings, default_url=None, key_variable=UNSET, key_needed=needed)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://me:hunter2@host/v1?token=abc", "https://host/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_the_address_shown_has_no_secrets(url: str, shown: str) -> None:
    assert endpoint(url).address == shown
    assert "hunter2" not in repr(endpoint(url))


@pytest.mark.parametrize("url", ["host/v1", "ftp://host", "http://", "http://host:port/v1", "http://[::1/v1", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        endpoint(url)
    assert "base_url" in caught.value.message + caught.value.hint


def test_a_missing_address_says_how_to_write_one() -> None:
    with pytest.raises(ConfigurationError) as caught:
        endpoint(None)
    assert "base_url" in caught.value.hint


def test_a_key_that_is_needed_or_named_must_be_set() -> None:
    assert endpoint("http://127.0.0.1/v1").key == "none"
    with pytest.raises(ConfigurationError, match=UNSET):
        endpoint("http://127.0.0.1/v1", needed=True)
    with pytest.raises(ConfigurationError, match="ALSO_UNSET"):
        endpoint("http://127.0.0.1/v1", variable="ALSO_UNSET")


def made(provider: str, environment: dict[str, str], **settings: str) -> str:
    """What making a provider says in a process with just these variables."""
    code = f"""
from journal.errors import JourneymanError
from llm.providers import openai_sdk
from llm.settings import ModelSettings
try:
    made = openai_sdk.{provider}(ModelSettings(provider={provider!r}, model="m", **{settings!r}))
    print(made._endpoint.key, made._endpoint.address)
except JourneymanError as error:
    print(type(error).__name__, error.message)
"""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=kept | environment, check=True)
    return done.stdout.strip()


def test_where_the_key_comes_from() -> None:
    url = "http://127.0.0.1:1/v1"
    both = {"OPENAI_API_KEY": "common", "MINE": " mine\n"}
    assert made("openai", {"OPENAI_API_KEY": "common"}) == "common https://api.openai.com/v1"
    assert made("openai_compatible", both, base_url=url) == f"common {url}"
    assert made("openai_compatible", both, base_url=url, api_key_env="MINE") == f"mine {url}"
    assert made("openai_compatible", {}, base_url=url) == f"none {url}"
    assert "OPENAI_API_KEY is not set" in made("openai", {})
    assert "OPENAI_API_KEY is not set" in made("openai", {"OPENAI_API_KEY": " "})


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it() -> None:
    told = made("openai", {"OPENAI_API_KEY": "sk-with\u2026dots"})
    assert "not ASCII" in told
    assert "sk-with" not in told


def test_options_may_not_take_what_the_budget_needs() -> None:
    settings = ModelSettings(
        provider="openai_compatible", model="m", base_url="http://127.0.0.1:1/v1", options={"max_tokens": 1, "n": 5}
    )
    with pytest.raises(ConfigurationError, match="max_tokens, n"):
        openai_compatible(settings)
