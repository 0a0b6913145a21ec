"""Strict JSON: what is refused, and in which words."""

import pytest

from api.problems import Fault
from api.strict_json import parse_json


def test_plain_json_passes() -> None:
    assert parse_json('{"goal": "Größe", "n": [1, 2.5, null, true], "😀": "\\ud83d\\ude00"}'.encode()) == {
        "goal": "Größe",
        "n": [1, 2.5, None, True],
        "😀": "😀",
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "not JSON"),
        (b'{"a": 1,}', "line 1, column 9"),
        (b"NaN", "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b"1e999", "1e999 is too large"),
        (b"1" * 5000, "number that cannot be kept"),
        (b'"\xff"', "not UTF-8"),
        (b'"\\ud800"', "surrogate"),
        (b'"\\uDC00x"', "surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b"", "not JSON"),
    ],
)
def test_what_is_not_json_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_json(body)
    assert caught.value.status_code == 400
    assert why in str(caught.value.detail)
