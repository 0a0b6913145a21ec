"""What is printed cannot drive a terminal, and keeps its shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.cli.output import money, one_line, safe, say, show, show_json, show_table

HOSTILE = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202egnp.exe\u202c a\rb \ud800"


def is_clean(text: str) -> bool:
    return all(char in "\n\t" or (char.isprintable() or char == " ") or char.isspace() for char in text) and not any(
        bad in text for bad in ("\x1b", "\x9b", "\x07", "\r", "\u202e", "\u2066", "\u2028", "\ud800")
    )


def test_escapes_become_visible() -> None:
    assert safe("\x1b[31mred\x9b") == "\\x1b[31mred\\x9b"
    assert safe("a\r\nb\tc") == "a\nb\tc"
    assert safe("\u202eabc") == "\\u202eabc"


def test_ordinary_text_is_left_alone() -> None:
    text = "Zoë paid 5 € – 日本語 👩\u200d🚀\n\tאבג"
    assert safe(text) == text


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Z", "Cc", "Cf", "Cs"])))
def test_nothing_hostile_gets_through(text: str) -> None:
    cleaned = safe(text)
    cleaned.encode()
    assert not any(ord(char) < 32 and char not in "\n\t" for char in cleaned)
    assert not any(0x7F <= ord(char) < 0xA0 for char in cleaned)


def test_every_way_out_is_safe(capsys: pytest.CaptureFixture[str]) -> None:
    show(HOSTILE)
    say(HOSTILE)
    show_table(("A",), [(HOSTILE,)])
    show_json({"text": HOSTILE})
    captured = capsys.readouterr()
    assert is_clean(captured.out)
    assert is_clean(captured.err)


def test_json_means_the_same_after_cleaning(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": HOSTILE, "list": [1, None, "é"]}
    show_json(value)
    assert json.loads(capsys.readouterr().out) == value


def test_a_table_without_a_terminal_is_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("ID", "GOAL"), [("t1", "two\nlines\tand a tab"), ("t2", None), ("t3", "")])
    assert capsys.readouterr().out == "ID\tGOAL\nt1\ttwo lines and a tab\nt2\t-\nt3\t-\n"


def test_long_text_is_cut_to_its_limit() -> None:
    assert one_line("a" * 10, 10) == "a" * 10
    assert one_line("a" * 11, 10) == "a" * 9 + "…"


@pytest.mark.parametrize(("usd", "shown"), [(0, "$0.00"), (0.00012, "$0.0001"), (0.5, "$0.5000"), (12.345, "$12.35")])
def test_money(usd: float, shown: str) -> None:
    assert money(usd) == shown
