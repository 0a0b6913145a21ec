"""DOCX to blocks: Word's styles become the headings, lists and tables of a page, which is then read as HTML is."""

import io

from memory.errors import UnreadableDocument
from memory.ingest.archives import check_unpacked, refuse_archives
from memory.ingest.chunks import Block


def docx_blocks(data: bytes, max_bytes: int) -> list[Block]:
    """Raises ``UnreadableDocument`` for a file that is broken, has a password, or unpacks to too much."""
    import mammoth

    from memory.ingest.html import html_blocks

    if not data.startswith(b"PK"):
        refuse_archives(data)
        raise UnreadableDocument("It is not a readable DOCX: it is no ZIP archive inside.")
    check_unpacked(data, max_bytes)
    try:
        html = mammoth.convert_to_html(io.BytesIO(data), convert_image=_left_out).value
    except Exception as error:  # a broken file can raise anything
        raise UnreadableDocument(f"It is not a readable DOCX: {error or type(error).__name__}.") from None
    return html_blocks(html) if html.strip() else []


def _left_out(_image: object) -> list[object]:
    return []
