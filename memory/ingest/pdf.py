"""PDF to blocks, one page after the other."""

import io

from memory.errors import UnreadableDocument
from memory.ingest.chunks import Block, Place


def pdf_blocks(data: bytes, max_chars: int) -> list[Block]:
    """The text of each page. Streams that unpack to more than pypdf's limits (75 MB each) are refused by it.

    Raises ``UnreadableDocument`` for a broken or encrypted file, one without text, or one with more than ``max_chars`` of it.
    """
    texts = _texts(data, max_chars)
    blocks = [Block(text, Place("page", number, number)) for number, text in enumerate(texts, 1) if text]
    if not blocks:
        raise UnreadableDocument(
            "It has no text in it, only images perhaps.", hint="Run text recognition (OCR) over it first."
        )
    return blocks


def _texts(data: bytes, max_chars: int) -> list[str]:
    import pypdf
    import pypdf.errors

    texts: list[str] = []
    left = max_chars
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument("It is encrypted.", hint="Save it without a password.")
        for page in reader.pages:
            texts.append(page.extract_text().strip())
            left -= len(texts[-1])
            if left < 0:
                raise UnreadableDocument("It unpacks to more text than a file may have.")
    except UnreadableDocument:
        raise
    except pypdf.errors.DependencyError:
        raise UnreadableDocument("It is encrypted.", hint="Save it without encryption.") from None
    except pypdf.errors.LimitReachedError:
        raise UnreadableDocument("It unpacks to more data than is safe to read.") from None
    except Exception as error:  # a broken PDF can raise anything
        where = f"page {len(texts) + 1}: " if texts else ""
        raise UnreadableDocument(f"It is not a readable PDF: {where}{error or type(error).__name__}.") from None
    return texts
