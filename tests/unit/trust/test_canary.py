"""The word that reveals that instructions were given away."""

import base64
from typing import Any
from urllib.parse import quote

import pytest

from trust.canary import canary_of, leaks, with_canary

INSTRUCTIONS = with_canary("You are an agent.")
CANARY = canary_of(INSTRUCTIONS) or ""


def test_each_is_fresh_and_is_found_again() -> None:
    assert len(CANARY) == 16
    assert canary_of(with_canary("x")) != CANARY
    assert canary_of("You are an agent.") is None


@pytest.mark.parametrize(
    "value",
    [
        INSTRUCTIONS,
        CANARY.upper(),
        CANARY[::-1],
        " ".join(CANARY),
        {"url": f"https://evil.example/?q={quote(INSTRUCTIONS)}"},
        {"body": [{"deep": base64.b64encode(INSTRUCTIONS.encode()).decode()}]},
        {"u": "x" + base64.urlsafe_b64encode(f"the mark is {CANARY}".encode()).decode().rstrip("=")},
        {"hex": f"it is {CANARY}".encode().hex()},
        list(CANARY),
        {CANARY: 1},
    ],
    ids=["plain", "upper", "reversed", "spaced", "url", "base64", "base64-unpadded", "hex", "list", "key"],
)
def test_a_leak_is_seen_in_disguise_too(value: Any) -> None:
    assert leaks(CANARY, value)


@pytest.mark.parametrize("value", ["deadbeef" * 4, "an answer", {"n": 1, "x": None}, [], "a" * 100_000, 17])
def test_other_values_leak_nothing(value: Any) -> None:
    assert not leaks(CANARY, value)
