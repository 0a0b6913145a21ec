"""Elements that no reader sees, as both readers of pages take them."""

import pytest

from memory.ingest.html import html_blocks
from tools.html_text import html_to_text
from trust.hidden_html import is_hidden

HIDING = [
    'style="display:none"',
    'style="color: red; DISPLAY : none"',
    'style="visibility: hidden"',
    'style="opacity:0"',
    'style="opacity: 0.0;"',
    'style="font-size:0px"',
    'style="font-size: 0"',
    'style="position:absolute; left:-9999px"',
    'style="text-indent:-99999px"',
    'style="color:white;background:#fff"',
    'style="color: #FFFFFF; background-color: white"',
    'style="clip: rect(0,0,0,0)"',
    'style="color: transparent"',
    "hidden",
]


@pytest.mark.parametrize("attribute", HIDING)
def test_hidden_words_are_in_neither_reading(attribute: str) -> None:
    page = f"<body><p>Seen <span {attribute}>SECRET <b>ORDER</b></span>tail</p><div {attribute}>SECRET</div><p>End</p></body>"
    for text in (html_to_text(page), "\n".join(block.text for block in html_blocks(page))):
        assert "SECRET" not in text
        assert "ORDER" not in text
        assert all(word in text for word in ("Seen", "tail", "End"))


@pytest.mark.parametrize(
    "where", ["<table><tr {0}><td>SECRET</td></tr><tr><td>Seen</td></tr></table>", "<pre>Seen <i {0}>SECRET</i></pre>"]
)
def test_also_in_tables_and_preformatted_text(where: str) -> None:
    page = f"<body>{where.format('hidden')}</body>"
    for text in (html_to_text(page), "\n".join(block.text for block in html_blocks(page))):
        assert "SECRET" not in text
        assert "Seen" in text


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0.5",
        "opacity: 0.01",
        "font-size:0.9em",
        "font-size: 10px",
        "color:#000;background:#fff",
        "color:white",
        "left:-4px",
        "",
    ],
)
def test_what_can_be_seen_stays(style: str) -> None:
    assert not is_hidden({"style": style})
