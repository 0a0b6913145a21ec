"""HTML keeps its structure and all of its text."""

from memory.ingest.html import html_blocks

PAGE = """<!doctype html><html><head><title>Port of Kiel</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav>
<h1>Harbour   fees</h1>
loose text
<div><p>The <b>north</b> quay takes<br>vessels.</p></div>
<h2>Prices</h2>
<table><caption>In euros</caption><tr><th>Quay</th><th>Fee</th></tr><tr><td>North</td><td>43</td></tr></table>
<ul><li>Cash<ol><li>Coins</li></ol></li><li>Card</li></ul>
<pre>fee = 43
days = 2</pre>
<script>alert(1)</script><!-- hidden -->
</body></html>"""


def test_blocks_headings_and_their_order() -> None:
    found = [(b.kind, b.heading, b.text) for b in html_blocks(PAGE)]
    fees, prices = "Port of Kiel > Harbour fees", "Port of Kiel > Harbour fees > Prices"
    assert found == [
        ("prose", fees, "loose text"),
        ("prose", fees, "The north quay takes\nvessels."),
        ("prose", prices, "In euros"),
        ("table", prices, "| Quay | Fee |\n| --- | --- |\n| North | 43 |"),
        ("list", prices, "- Cash\n  1. Coins\n- Card"),
        ("code", prices, "fee = 43\ndays = 2"),
    ]
    assert [str(b.place) for b in html_blocks(PAGE)][:2] == ["paragraph 2", "paragraph 3"]


def test_fragments_broken_markup_and_declarations() -> None:
    assert [b.text for b in html_blocks("<p>12 euros<p>13 euros")] == ["12 euros", "13 euros"]
    assert [b.text for b in html_blocks("just text")] == ["just text"]
    assert [b.text for b in html_blocks('<?xml version="1.0" encoding="latin-1"?><html><p>Gebühr</p></html>')] == ["Gebühr"]


def test_a_layout_table_is_read_like_the_page() -> None:
    page = "<table><tr><td><h2>Fees</h2><p>43 euros</p></td></tr></table>"
    assert [(b.heading, b.text) for b in html_blocks(page)] == [("Fees", "43 euros")]


def test_deep_nesting_is_read_or_refused_but_never_crashes() -> None:
    from memory.errors import UnreadableDocument

    try:
        blocks = html_blocks("<div>" * 20_000 + "deep")
    except UnreadableDocument as error:
        assert "nested too deeply" in error.message  # noqa: PT017
    else:
        assert blocks[-1].text == "deep"
