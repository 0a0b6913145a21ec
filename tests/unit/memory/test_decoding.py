"""Text is read in the encoding that it shows, or not at all."""

import pytest

from memory.errors import UnreadableDocument
from memory.ingest.decoding import decode

TEXT = "Liegegebühr: 43 € am Nordkai"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_utf8_and_whatever_a_mark_says(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_shows_itself(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == TEXT


def test_an_encoding_declared_in_html_is_believed() -> None:
    page = f'<html><head><meta charset="iso-8859-1"></head><p>{TEXT.replace("€", "Euro")}</p>'
    assert "Liegegebühr" in decode(page.encode("latin-1"), html=True)


def test_a_declared_encoding_that_is_none_is_ignored() -> None:
    assert "43" in decode(b'<meta charset="base64"><p>43</p>', html=True)
    assert "43" in decode(b'<meta charset="nonsense"><p>43</p>', html=True)


def test_other_encodings_are_refused_and_not_guessed() -> None:
    with pytest.raises(UnreadableDocument, match="not UTF-8") as refusal:
        decode(TEXT.encode("cp1252"))
    assert refusal.value.hint == "Save it as UTF-8."


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"text and \x00 more", b"\x7fELF\x02\x01\x01\x00" + b"\x03" * 90])
def test_binary_data_is_called_so(data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="binary"):
        decode(data)
