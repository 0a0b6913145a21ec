"""Bytes to text, or one sentence on why not. Nothing is guessed that could come out garbled."""

import codecs
import re

from memory.errors import UnreadableDocument

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 65_536
BINARY = "It is a binary file of a kind that is not read."


def encoding_of(sample: bytes) -> str:
    """The encoding that the beginning of a text shows, UTF-8 otherwise."""
    return _encoding(sample, html=False)


def not_in(encoding: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"It is not {_spoken(encoding)} text, and nothing says in which encoding it is.", hint="Save it as UTF-8."
    )


def decode(data: bytes, *, html: bool = False) -> str:
    """UTF-8, or whatever a byte order mark or an HTML ``charset`` says, or UTF-16 that shows itself by its zero bytes.

    Raises ``UnreadableDocument``.
    """
    encoding = _encoding(data, html)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if _CONTROL.search(data[:_SAMPLE].decode("latin-1")):
            raise UnreadableDocument(BINARY) from None
        raise not_in(encoding) from None
    sample = text[:_SAMPLE]
    if "\x00" in text or len(_CONTROL.findall(sample)) > len(sample) // 100:
        raise UnreadableDocument(BINARY)
    return text


def _encoding(data: bytes, html: bool) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    declared = _DECLARED.search(data[:2048]) if html else None
    if declared:
        try:
            b"  ".decode(declared[1].decode("ascii"))  # also refuses codecs that are no text encodings
            return declared[1].decode("ascii")
        except (LookupError, UnicodeError):
            pass
    return _utf16_without_mark(data[:_SAMPLE]) or "utf-8"


def _utf16_without_mark(sample: bytes) -> str | None:
    """Text of the Latin alphabet in UTF-16 has a zero in nearly every second byte, always on the same side."""
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) == 0:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def _spoken(encoding: str) -> str:
    return encoding.removesuffix("-sig").upper()
