"""Text of results: HTML made readable, long results shortened, docstrings read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.docstrings import read_docstring
from tools.html_text import html_to_text
from tools.preview import preview

PAGE = """<!doctype html><html><head><title>Rates &amp; fees</title><style>p { color: red }</style></head><body>
<nav>Home | About</nav><h1>Rates</h1>
<p>Hello <b>wor</b>ld,<br>second line.</p><script>steal()</script>tail of a script
<ul>
  <li>one
  <li>two <i>and</i> more
</ul>
<table><thead><tr><th>Item</th><th>Price</th></tr></thead>
<tbody><tr><td>Tea</td><td>3&nbsp;EUR</td></tr></tbody></table>
<pre>a:
  b: 1</pre><!-- hidden --></body></html>"""


def test_html_becomes_readable_text() -> None:
    assert html_to_text(PAGE) == (
        "Rates & fees\n\n# Rates\n\nHello world,\nsecond line.\n\ntail of a script\n\n- one\n- two and more\n\n"
        "Item | Price\nTea | 3 EUR\n\na:\n  b: 1"
    )


@pytest.mark.parametrize("html", ["", "   ", "<!-- only a comment -->", "<html></html>"])
def test_html_without_text_is_empty(html: str) -> None:
    assert html_to_text(html) == ""


def test_deep_and_broken_html_is_no_trouble() -> None:
    assert "end" in html_to_text("<div>" * 1500 + "end")
    assert html_to_text("<p>a<b>b</p>c</b") == "a b\n\nc".replace(" ", "")


@given(st.text("abc \n", min_size=1, max_size=50), st.integers(4, 60))
def test_a_preview_shows_both_ends_and_leaves_out_the_rest(content: str, limit: int) -> None:
    shown = preview(content, limit, "call_7")
    if len(content) <= limit:
        assert shown is None
        return
    assert shown is not None
    head, tail = limit * 3 // 4, limit - limit * 3 // 4
    note = shown[head + 1 : len(shown) - tail - 1]
    assert shown[:head] == content[:head]
    assert shown[-tail:] == content[-tail:]
    assert note == f'[{len(content) - limit} characters left out here; `read_result(handle="call_7", offset={head})` reads on]'


@pytest.mark.parametrize(
    ("docstring", "description", "parameters"),
    [
        ("One line.", "One line.", {}),
        (
            "Sum.\n\nArgs:\n  a: First.\n  b (int): Second\n    goes on.\n\nRaises:\n  X: no.",
            "Sum.\n\nRaises:\n  X: no.",
            {"a": "First.", "b": "Second goes on."},
        ),
        ("Sum.\n\n    Args:\n        a: First: with colon.\n    ", "Sum.", {"a": "First: with colon."}),
        ("Takes args: many.", "Takes args: many.", {}),
    ],
)
def test_docstrings(docstring: str, description: str, parameters: dict[str, str]) -> None:
    assert read_docstring(docstring) == (description, parameters)
