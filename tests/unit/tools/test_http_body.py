"""Bodies: bounded, decompressed, decoded."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from tools.errors import ToolError
from tools.http_body import read_body, to_text


async def pieces(data: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


TEXT = b"The quick brown fox. " * 20


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("X-GZIP", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
    ],
)
async def test_bodies_are_decompressed(encoding: str, data: bytes) -> None:
    assert await read_body(pieces(data), encoding, len(TEXT)) == TEXT


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
async def test_a_body_over_the_limit_is_given_up(encoding: str) -> None:
    pack = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    with pytest.raises(ToolError, match=r"tools\.http\.max_bytes"):
        await read_body(pieces(pack(TEXT)), encoding, len(TEXT) - 1)


async def test_of_a_bomb_only_the_limit_is_unpacked() -> None:
    read = 0

    async def bomb() -> AsyncIterator[bytes]:
        nonlocal read
        packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
        for _ in range(1000):
            read += 1
            yield packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)

    with pytest.raises(ToolError, match="larger than"):
        await read_body(bomb(), "gzip", 100_000)
    assert read == 1


@pytest.mark.parametrize(("encoding", "says"), [("br", "`br`"), ("gzip, br", "`gzip, br`"), ("gzip", "claims to be")])
async def test_encodings_that_cannot_be_read_are_named(encoding: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        await read_body(pieces(b"not compressed at all"), encoding, 1000)


@pytest.mark.parametrize(
    ("body", "content_type", "charset", "text"),
    [
        ("Grüße".encode(), "text/plain", None, "Grüße"),
        ("Grüße".encode("latin-1"), "text/plain", "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "text/plain", None, "Grüße"),
        ("Grüße".encode("utf-16"), "text/plain", None, "Grüße"),
        ("Grüße".encode("utf-16-le"), "text/plain", "utf-16-le", "Grüße"),
        ("\ufeffGrüße".encode(), "text/plain", "latin-1", "Grüße"),
        ("Привет".encode("koi8-r"), "text/plain", "koi8-r", "Привет"),
        ("日本".encode("shift_jis"), "text/html", "Shift_JIS", "日本"),
        ("Grüße".encode(), "text/plain", "no-such-charset", "Grüße"),
        ("Grüße".encode(), "text/plain", "punycode", "Grüße"),
        ("Grüße".encode(), "text/plain", "hex", "Grüße"),
        ("Grüße".encode(), "text/plain", "ascii", "Grüße"),
        ('<meta charset="koi8-r">Привет'.encode("koi8-r"), "text/html", None, '<meta charset="koi8-r">Привет'),
        (b'{"a": 1}', "application/problem+json", None, '{"a": 1}'),
        (b"plain", "", None, "plain"),
        (b"plain", "application/octet-stream", None, "plain"),
        (b"", "text/html", None, ""),
    ],
)
def test_text_is_decoded(body: bytes, content_type: str, charset: str | None, text: str) -> None:
    assert to_text(body, content_type, charset) == text


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "a PDF document (application/pdf, 12 bytes)"),
        (b"\x89PNG\r\n\x1a\n", "text/html", "a PNG image"),
        (b"a\0b", "text/plain", "binary data"),
        (b"\xff\x00", "", "binary data (no content type"),
        (b"\x80\x81", "application/octet-stream", "application/octet-stream"),
    ],
)
def test_what_is_not_text_is_named(body: bytes, content_type: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        to_text(body, content_type, None)
    assert says in str(caught.value)
