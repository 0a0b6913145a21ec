"""DOCX and Parquet, and archives that are named and not opened."""

import io
import zipfile

import pytest

from memory.errors import UnreadableDocument
from memory.ingest.loaders import blocks_of
from memory.ingest.media_types import DOCX, PARQUET
from memory.settings import MemorySettings
from tests.unit.memory.documents import docx

SMALL = MemorySettings(max_file_bytes=10_000)


def read(data: bytes, media_type: str, settings: MemorySettings = SMALL) -> list[tuple[str, str, str]]:
    return [(b.heading, b.kind, b.text) for b in blocks_of(data, media_type, settings)]


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_word_documents_keep_headings_and_tables() -> None:
    data = docx(
        ("Heading1", "Harbour"),
        ("Heading2", "Fees"),
        ("", "Berth fees are 43 euros."),
        table=[["port", "fee"], ["Kiel", "43"]],
    )
    assert read(data, DOCX) == [
        ("Harbour > Fees", "prose", "Berth fees are 43 euros."),
        ("Harbour > Fees", "table", "| port | fee |\n| --- | --- |\n| Kiel | 43 |"),
    ]


def test_parquet_rows() -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pq.write_table(pa.table({"port": ["Kiel", "Bremen"], "fee": [43, None], "tags": [["a", "b"], []]}), file)
    blocks = blocks_of(file.getvalue(), PARQUET, SMALL)
    assert [(str(b.place), b.text) for b in blocks] == [
        ("row 1", "port: Kiel\nfee: 43\ntags: a, b"),
        ("row 2", "port: Bremen\nfee: null"),
    ]


ZIP = zipped(a=b"text")

BAD = {
    "a zip": (ZIP, "text/plain", "a ZIP archive, which is not opened"),
    "a zip inside a zip": (zipped(inner=ZIP), "text/plain", "a ZIP archive, which is not opened"),
    "a gzip": (b"\x1f\x8b\x08rest", "text/csv", "gzip"),
    "an old or locked Office file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, DOCX, "with a password"),
    "a zip that is no Word document": (ZIP, DOCX, "not a readable DOCX"),
    "a cut Word document": (docx(("", "x"))[:200], DOCX, "not a readable archive"),
    "a text called docx": (b"hello", DOCX, "not a readable DOCX"),
    "a zip bomb": (zipped(**{"word/document.xml": b"0" * 5_000_000}), DOCX, "unpacks to more data"),
    "too many members": (zipped(**{f"m{n}": b"" for n in range(10_001)}), DOCX, "unpacks to more data"),
    "a broken Parquet file": (b"PAR1 and no more", PARQUET, "not a readable Parquet file"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ones_are_named(name: str) -> None:
    data, media_type, said = BAD[name]
    if media_type == PARQUET:
        pytest.importorskip("pyarrow")
    with pytest.raises(UnreadableDocument, match=said) as refusal:
        read(data, media_type)
    assert "\n" not in refusal.value.message


def test_an_entity_bomb_in_a_word_document_is_refused() -> None:
    entities = "".join('<!ENTITY e{} "{}">'.format(n, f"&e{n - 1};" * 10) for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><w:document xmlns:w="x">&e11;</w:document>'
    good = docx(("", "x"))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            new.writestr(member, bomb if member == "word/document.xml" else old.read(member))
    with pytest.raises(UnreadableDocument, match="not a readable DOCX"):
        read(file.getvalue(), DOCX)
