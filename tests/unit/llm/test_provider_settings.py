"""What a provider says when its settings cannot be, and when a package it needs is not there."""

import subprocess
import sys
from typing import Any

import pytest

from journal.errors import ConfigurationError
from llm.providers.schemas import is_strict
from llm.router import Models
from llm.settings import ModelSettings

URL = "http://127.0.0.1:1/v1"
UNSET = ("AWS_REGION", "AWS_DEFAULT_REGION", "CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT")


def make(provider: str, **settings: Any) -> object:
    fields = {"model": "m", "price": {"input": 0, "output": 0}, **settings}
    return Models({"m": ModelSettings.model_validate({"provider": provider, **fields})}, {}).get("m").provider


@pytest.mark.parametrize(
    ("provider", "settings", "said"),
    [
        ("azure", {"base_url": URL}, "`api_version`"),
        ("azure", {"api_version": "v"}, "`base_url`"),
        ("azure", {"base_url": URL, "api_version": "v", "api_key_env": "UNSET"}, "UNSET is not set"),
        ("anthropic", {"api_key_env": "UNSET"}, "UNSET is not set"),
        ("anthropic", {"base_url": "claude.example"}, "not an HTTP address"),
        ("bedrock", {}, "`region`"),
        ("vertex", {"project": "p"}, "`region`"),
        ("vertex", {"region": "r"}, "`project`"),
        ("openai_compatible", {"base_url": URL, "api": "responses"}, "Chat Completions"),
        ("openai_compatible", {}, "no address"),
        ("anthropic", {"structured": "grammar"}, "grammar"),
        ("openai", {"structured": "guided_json"}, "guided_json"),
        ("anthropic", {"options": {"max_tokens": 5}}, "max_tokens"),
        ("openai", {"options": {"store": True}}, "store"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, provider: str, settings: dict[str, Any], said: str
) -> None:
    for variable in UNSET:
        monkeypatch.delenv(variable, raising=False)
    for variable in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(variable, "a-key-of-mine")
    with pytest.raises(ConfigurationError, match=said) as caught:
        make(provider, **settings)
    assert caught.value.hint


@pytest.mark.parametrize(("provider", "package"), [("bedrock", "boto3"), ("vertex", "google.auth")])
def test_a_missing_package_is_named_by_its_extra(provider: str, package: str) -> None:
    code = f"""
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, *more: None if name == {package!r} else found(name, *more)
from journal.errors import ConfigurationError
from llm.providers import anthropic_sdk
from llm.settings import ModelSettings
try:
    anthropic_sdk.{provider}(ModelSettings(provider={provider!r}, model="m", region="r", project="p"))
except ConfigurationError as error:
    print(error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"pip install 'journeyman[{provider}]'"


def test_no_sdk_is_imported_before_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import sys
from llm.providers import anthropic_sdk, openai_sdk
from llm.settings import ModelSettings
anthropic_sdk.anthropic(ModelSettings(provider="anthropic", model="m"))
anthropic_sdk.vertex(ModelSettings(provider="vertex", model="m", region="r", project="p"))
openai_sdk.openai(ModelSettings(provider="openai", model="m"))
print([name for name in ("openai", "anthropic", "aiohttp", "httpx2", "boto3", "google.auth") if name in sys.modules])
"""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key-of-mine")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-mine")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({"type": "array", "items": CLOSED}, True),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"anyOf": [CLOSED, {"type": "null"}]}, True),
        ({"anyOf": [CLOSED, {"type": "object"}]}, False),
    ],
)
def test_which_schemas_strict_mode_takes(schema: dict[str, Any], strict: bool) -> None:
    assert is_strict(schema) is strict
