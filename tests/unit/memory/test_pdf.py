"""PDF is read page by page, and never to excess."""

import zlib

import pytest

from memory.errors import UnreadableDocument
from memory.ingest.loaders import blocks_of
from memory.ingest.pdf import pdf_blocks
from memory.settings import MemorySettings


def pdf(*contents: bytes, compressed: bool = False) -> bytes:
    """A PDF by hand: one page for each content stream."""
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(contents)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode()]
    for number, content in enumerate(contents):
        font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources %s /Contents %d 0 R >>" % (font, 4 + 2 * number)
        )
        data = zlib.compress(content) if compressed else content
        extra = b" /Filter /FlateDecode" if compressed else b""
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), extra, data))
    body, offsets = b"%PDF-1.4\n", []
    for number, entry in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, entry)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return body + head + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def line(text: str) -> bytes:
    return f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()


def test_pages_are_numbered() -> None:
    blocks = pdf_blocks(pdf(line("Berth fees are 43 euros."), b"", line("Channel 12.")), 10_000)
    assert [(str(b.place), b.text) for b in blocks] == [("page 1", "Berth fees are 43 euros."), ("page 3", "Channel 12.")]


def test_a_pdf_is_known_by_its_first_bytes() -> None:
    assert blocks_of(pdf(line("Fees")), "text/plain", MemorySettings())[0].text == "Fees"


def test_a_pdf_without_text_says_so() -> None:
    with pytest.raises(UnreadableDocument, match="no text in it") as refusal:
        pdf_blocks(pdf(b""), 10_000)
    assert "OCR" in refusal.value.hint


@pytest.mark.parametrize("data", [b"%PDF-1.4\nnothing", b"%PDF-1.7", pdf(line("x"))[:150]])
def test_a_broken_pdf_is_one_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=r"not a readable PDF|no text"):
        pdf_blocks(data, 10_000)


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf_is_called_so(algorithm: str) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    if algorithm.startswith("AES"):
        pytest.importorskip("cryptography")
    writer = PdfWriter(PdfReader(io.BytesIO(pdf(line("secret")))))
    writer.encrypt("password", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(UnreadableDocument, match="encrypted"):
        pdf_blocks(out.getvalue(), 10_000)


def test_a_stream_that_unpacks_to_a_flood_is_refused() -> None:
    bomb = pdf(b"q Q " * 25_000_000, compressed=True)
    assert len(bomb) < 1_000_000
    with pytest.raises(UnreadableDocument, match="safe to read"):
        pdf_blocks(bomb, 10_000)


def test_more_text_than_a_file_may_have_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="more text"):
        pdf_blocks(pdf(*[line("word " * 100)] * 3), 1000)
