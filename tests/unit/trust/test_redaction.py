"""Secrets go, ordinary text stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.redaction import REDACTED, Redactor

KEYS = [
    "sk-proj-AbCdEf0123456789AbCdEf0123456789",
    "sk-ant-api03-AbCdEf0123456789_-AbCdEf0123",
    "xoxb-123456789012-abcdefABCDEF",
    "xapp-1-A0123456789-abcdef",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijklmnopqrstuvwxyz",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
]
ORDINARY = [
    "The password: it must be long.",
    "Reset your password. The secret: patience.",
    "It was a token of thanks; the key to success is work.",
    "desk-lamp-with-a-long-name task-based risk-adjusted-returns-over-many-years",
    "The bearer internationalization certificates were signed.",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    "550e8400-e29b-41d4-a716-446655440000",
    "input_tokens=512, max_tokens: 2000",
    "https://example.com:8080/a@b?c=d and mailto:anna@example.com",
    "task_01jd8x2v9k3m4n5p6q7r8s9t0v",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "key={} .", '"{}"', "a {}, b", "({})\n"])
def test_keys_of_known_shapes_go(key: str, around: str) -> None:
    redacted = Redactor().text(around.format(key))
    assert key not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert Redactor(["another-secret"]).text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=hunter2 next", "password=[redacted] next"),
        ("password: hunter2", "password: [redacted]"),
        ("password: correcthorse\nuser: anna", "password: [redacted]\nuser: anna"),
        ("OPENAI_API_KEY=abc", "OPENAI_API_KEY=[redacted]"),
        ("api_key = 'x y z'", "api_key = '[redacted]'"),
        ('{"client_secret": "pa ss", "n": 1}', '{"client_secret": "[redacted]", "n": 1}'),
        ("?access_token=abc&x=1", "?access_token=[redacted]&x=1"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [redacted]"),
        ("postgresql://user:pa55@db:5432/x", "postgresql://user:[redacted]@db:5432/x"),
        ("redis://:pa55@cache/0", "redis://:[redacted]@cache/0"),
        ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key=[redacted]"),
    ],
)
def test_what_is_named_a_secret_goes(text: str, expected: str) -> None:
    assert Redactor().text(text) == expected


@pytest.mark.parametrize("end", ["\n-----END RSA PRIVATE KEY-----", ""])
def test_private_keys_go_even_when_cut_off(end: str) -> None:
    key = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEowIBAAKCAQEA7bq+/==\nabc{end}"
    assert Redactor().text(f"before {key}") == f"before {REDACTED}"


def test_known_values_go_in_every_spelling() -> None:
    secret = 'p@ss/"word" 1'
    redactor = Redactor([secret])
    for text in (secret, "p%40ss%2F%22word%22%201", json.dumps(secret)[1:-1], "cEBzcy8id29yZCIgMQ=="):
        assert redactor.text(f"<{text}>") == f"<{REDACTED}>"


def test_the_longer_of_two_known_values_goes_first() -> None:
    assert Redactor(["secret", "secret-and-more"]).text("secret-and-more secret") == f"{REDACTED} {REDACTED}"


def test_short_known_values_are_left_alone() -> None:
    assert Redactor(["a", "", "abcde"]).text("a abcde") == "a abcde"


def test_json_is_redacted_all_the_way_down() -> None:
    value = {
        "password": "x",
        "nested": [{"api_key": "abc", "n": 1, "token": None}, ("sk-proj-AbCdEf0123456789AbCdEf",)],
        "max_tokens": 5,
        "Authorization": "Basic Zm9v",
        "known-value": True,
    }
    assert Redactor(["known-value"]).json(value) == {
        "password": REDACTED,
        "nested": [{"api_key": REDACTED, "n": 1, "token": None}, [REDACTED]],
        "max_tokens": 5,
        "Authorization": REDACTED,
        REDACTED: True,
    }


@given(st.text(st.characters(codec="utf-8"), min_size=8), st.text(max_size=40), st.text(max_size=40))
def test_a_known_value_never_survives(secret: str, before: str, after: str) -> None:
    if secret not in REDACTED:
        assert secret not in Redactor([secret]).text(before + secret + after).replace(REDACTED, "")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor(["known-value"])
    once = redactor.text(text)
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "password",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "http://a:",
        "a_",
        "bearer ",
        "sk-",
        "eyJaaaaaaaa.eyJ",
        'password="',
        "x://",
        "- ",
    ],
)
def test_hostile_text_of_a_megabyte_is_done_before_the_test_times_out(unit: str) -> None:
    """A pattern of quadratic cost would need hours for this, a linear one a second."""
    text = unit * (1_000_000 // len(unit))
    assert Redactor(["known-value"]).text(text + " known-value").endswith(REDACTED)
