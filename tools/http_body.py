"""From the bytes of a response to its text, within bounds."""

import codecs
import re
import zlib
from collections.abc import AsyncIterable, Callable

from tools.binary import binary_kind
from tools.errors import ToolError

ENCODINGS = "gzip, deflate"
_TEXT_TYPES = re.compile(r"text/.*|.*[/+](?:json|xml|yaml|javascript|ndjson|csv|toml)|application/x-www-form-urlencoded|")
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHARSETS = ("utf", "iso", "ascii", "cp", "koi8", "gb", "big5", "euc", "shift_jis", "mac", "hz", "tis", "johab", "kz")
"""Families of character sets. Python knows other codecs too, which are no character sets, and slow on purpose-made input."""
_SEEN_BYTES = 4096


async def read_body(chunks: AsyncIterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The body, decompressed; at most ``max_bytes`` are ever held. Raises ``ToolError``."""
    inflate = _inflater(encoding)
    body = bytearray()
    async for chunk in chunks:
        try:
            body += inflate(chunk, max_bytes + 1 - len(body))
        except zlib.error as error:
            raise ToolError(f"The body is not the {encoding} data it claims to be ({error}).") from None
        if len(body) > max_bytes:
            raise ToolError(f"The body is larger than {max_bytes:,} bytes, the limit set in `tools.http.max_bytes`.")
    return bytes(body)


def _inflater(encoding: str) -> Callable[[bytes, int], bytes]:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return lambda chunk, limit: chunk[:limit]
    if name in ("gzip", "x-gzip"):
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress
    if name == "deflate":
        return _Deflate()
    raise ToolError(f"The body is encoded as `{encoding}`, which was not asked for.")


class _Deflate:
    """Servers send zlib data or bare deflate data under one name; the first bytes tell which."""

    def __init__(self) -> None:
        self._inflate: Callable[[bytes, int], bytes] | None = None

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        if self._inflate is None:
            wrapped = chunk[:1] != b"" and chunk[0] & 0x0F == zlib.DEFLATED
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS).decompress
        return self._inflate(chunk, limit)


def to_text(body: bytes, content_type: str, charset: str | None) -> str:
    """The body as text: by byte-order mark, by header, by what the page declares, as UTF-8, else as Windows-1252.

    Raises ``ToolError`` saying what it is where it is not text.
    """
    kind = binary_kind(body[:_SEEN_BYTES])
    if kind and not _is_wide(charset):
        raise ToolError(f"The address holds {kind} ({content_type or 'no content type'}, {len(body):,} bytes), not text.")
    if _TEXT_TYPES.fullmatch(content_type):
        return _decode(body, charset)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ToolError(f"The address holds {content_type} ({len(body):,} bytes), not text.") from None


def _is_wide(charset: str | None) -> bool:
    return (charset or "").lower().startswith(("utf-16", "utf-32"))


def _decode(body: bytes, charset: str | None) -> str:
    by_mark = next((codec for mark, codec in _BOMS if body.startswith(mark)), None)
    declared = _DECLARED.search(body[:_SEEN_BYTES])
    for name in (by_mark, charset, declared[1].decode("ascii") if declared else None, "utf-8"):
        try:
            if name and codecs.lookup(name).name.startswith(_CHARSETS):
                return body.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return body.decode("windows-1252", "replace")
