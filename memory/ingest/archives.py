"""Files that are ZIP archives inside: what may be opened of them, and what an archive is called that is not."""

import io
import zipfile

from memory.errors import UnreadableDocument

_MOST_MEMBERS = 10_000
_UNPACKED = 4
"""An Office file may unpack to so many times the limit of a file: its text is a part of that."""

_ARCHIVES = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refuse_archives(data: bytes) -> None:
    """Archives are not opened, however deep one lies in another. Raises ``UnreadableDocument`` that names the kind."""
    for mark, kind in _ARCHIVES:
        if data.startswith(mark):
            raise UnreadableDocument(f"It is {kind}, which is not opened.", hint="Unpack it and add the folder.")
    if data.startswith(_OLE):
        raise UnreadableDocument(
            "It is an Office file with a password, or of a version before 2007.", hint="Save it as DOCX without a password."
        )


def check_unpacked(data: bytes, max_bytes: int) -> None:
    """Look at an archive's own list of what is in it, before anything is unpacked. Raises ``UnreadableDocument``."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableDocument(f"It is not a readable archive: {error}.") from None
    if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > _UNPACKED * max_bytes:
        raise UnreadableDocument("It unpacks to more data than is safe to read.")
