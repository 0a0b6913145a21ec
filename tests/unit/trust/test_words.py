"""The person's own words hold a value only whole."""

import pytest

from trust.words import mentions, urls_in


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("Pay DE89370400440532013000 now", "DE89370400440532013000", True),
        ("Pay DE89370400440532013000.", "DE89370400440532013000", True),
        ("Pay (DE89370400440532013000), please", "DE89370400440532013000", True),
        ('write to "ann@example.com"', "ann@example.com", True),
        ("write to ann@example.com!", "ann@example.com", True),
        ("write to ann@example.com.evil.org", "ann@example.com", False),
        ("write to joann@example.com", "ann@example.com", False),
        ("write to ann@example.com", "ann@example", False),
        ("write to ann@example.com", "Ann@example.com", False),
        ("order 12 of 123456", "12", True),
        ("order 12 of 123456", 12, True),
        ("order 12.5 of it", 12, False),
        ("order 12.5 of it", 12.5, True),
        ("it is 1,200 in all", "200", False),
        ("it is true", True, False),
        ("anything", "", False),
        ("a  b", " ", False),
        ("say yes", None, False),
    ],
)
def test_only_whole_values_are_mentioned(text: str, value: object, found: bool) -> None:
    assert mentions(("something else", text), value) is found


def test_urls_end_where_a_sentence_does() -> None:
    assert "https://x.example/a(b)" in urls_in("see https://x.example/a(b).")
    assert "http://a.example/x" not in urls_in("Read http://a.example/x/y")
