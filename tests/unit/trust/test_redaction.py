"""Secrets do not come through; everything else does, unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.redaction import Redactor, redact, redact_text


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:S3CRET@db.example/jobs",
        "postgresql+psycopg://me:S3@CRET@db.example/jobs",
        "redis://:S3CRET@cache.example",
        "cannot reach amqp://guest:S3CRET@broker.example:5672// today",
        "postgresql://db.example/jobs?user=me&password=S3CRET",
        "https://api.example/v1?api_key=S3CRET&x=1",
        "https://files.example/a?X-Amz-Signature=S3CRET",
    ],
)
def test_secrets_in_urls_are_hidden(text: str) -> None:
    shown = redact_text(text)
    assert "S3CRET" not in shown
    assert "CRET" not in shown
    assert ".example" in shown


@pytest.mark.parametrize("name", ["password", "api_key", "apikey", "API-KEY", "auth_token", "client_secret", "Authorization"])
def test_texts_under_secret_names_are_hidden(name: str) -> None:
    assert redact({"outer": [{name: "S3CRET"}]}) == {"outer": [{name: "***"}]}


@pytest.mark.parametrize(
    "value",
    [
        {"api_key_env": "OPENAI_API_KEY", "max_tokens": 2000000, "max_output_tokens": 8192},
        {"url": "https://example.org/a:b@c?q=keyboard", "text": "mail me: you@example.org"},
        {"token": "", "none": None, "flag": True, "number": 1.5},
        "sqlite:////tmp/journal.db",
    ],
)
def test_what_is_no_secret_stays(value: object) -> None:
    assert redact(value) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Z", "Cc", "Cs"], exclude_characters="/@"), min_size=1))
def test_no_password_gets_through(password: str) -> None:
    secret = f"<{password}>"
    assert secret not in redact_text(f"postgresql://me:{secret}@host/db")


def test_known_secrets_are_hidden_everywhere() -> None:
    redactor = Redactor(["sk-abcdef", "sk-abcdefghi", ""])
    assert redactor.redact_text("key sk-abcdefghi, sk-abcdef.") == "key ***, ***."
    assert redactor.redact({"sk-abcdef": ["x", {"y": "Bearer sk-abcdef"}, 1, None]}) == {
        "***": ["x", {"y": "Bearer ***"}, 1, None]
    }


def test_secrets_too_short_to_be_any_are_left() -> None:
    assert Redactor(["a", "x"]).redact_text("a box") == "a box"
    assert Redactor().redact({"a": 1}) == {"a": 1}
