"""E-mail: what its reader sees, and what is attached to it."""

import io
from email.message import EmailMessage

import pytest

from memory.errors import UnreadableDocument
from memory.ingest.loaders import blocks_of
from memory.ingest.mail import mbox_messages
from memory.ingest.media_types import MAIL, MAILBOX
from memory.settings import MemorySettings


def message(subject: str = "Berth four", text: str = "The crane is broken.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada <ada@example.org>", "bo@example.org", subject
    mail["X-Secret-Routing"] = "not shown"
    mail.set_content(text)
    return mail


def read(data: bytes, media_type: str = MAIL) -> list[tuple[str, str, str]]:
    return [(b.heading, str(b.place), b.text) for b in blocks_of(data, media_type, MemorySettings())]


def test_headers_and_text() -> None:
    mail = message("Gebühr für Kai vier", "Guten Tag.\n\nDie Gebühr ist 43 €.\n")
    assert read(bytes(mail)) == [
        (
            "Gebühr für Kai vier",
            "headers 1-3",
            "From: Ada <ada@example.org>\nTo: bo@example.org\nSubject: Gebühr für Kai vier",
        ),
        ("Gebühr für Kai vier", "line 1", "Guten Tag."),
        ("Gebühr für Kai vier", "line 3", "Die Gebühr ist 43 €."),
    ]


def test_a_page_is_read_where_there_is_no_plain_text() -> None:
    mail = message()
    mail.set_content("<h1>Fees</h1><p>43 euros</p><p style='display:none'>hidden</p>", subtype="html")
    assert read(bytes(mail))[1:] == [("Berth four > Fees", "paragraph 2", "43 euros")]


def test_attachments_are_read_and_bad_ones_named() -> None:
    mail = message()
    mail.add_attachment(b"port,fee\nKiel,43\n", maintype="text", subtype="csv", filename="fees.csv")
    mail.add_attachment(b"PK\x03\x04rest", maintype="application", subtype="zip", filename="all.zip")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    found = read(bytes(mail))
    assert ("Berth four > fees.csv", "row 2", "port: Kiel; fee: 43") in found
    assert "all.zip was not read. It is a ZIP archive" in found[-1][2]
    assert not any("logo" in text for _, _, text in found)


def test_forwarded_messages_are_read_and_endless_ones_refused() -> None:
    mail = message("inner", "the inner word")
    outer = message("outer")
    outer.add_attachment(mail)
    assert ("outer > inner", "line 1", "the inner word") in read(bytes(outer))
    for _ in range(10):
        outer, inner = message("outer"), outer
        outer.add_attachment(inner)
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        read(bytes(outer))


def test_a_mailbox() -> None:
    box = b"".join(
        b"From ada Mon Jan 1\n" + bytes(message(f"number {n}", f"text {n}\n\nFrom here on.")) + b"\n" for n in (1, 2)
    )
    box = box.replace(b"\nFrom here", b"\n>From here")
    found = read(box, MAILBOX)
    assert [(h, p) for h, p, _ in found] == [("number 1", "message 1")] * 3 + [("number 2", "message 2")] * 3
    assert found[2][2] == "From here on."
    assert len(list(mbox_messages(io.BytesIO(box)))) == 2


@pytest.mark.parametrize(
    ("data", "media_type", "said"),
    [(b"\x00\x01\x02" * 50, MAIL, "a binary file"), (b"just a text\n", MAILBOX, "not a mailbox")],
)
def test_what_is_no_mail(data: bytes, media_type: str, said: str) -> None:
    with pytest.raises(UnreadableDocument, match=said):
        read(data, media_type)


def test_unknown_charsets_and_broken_headers_are_survived() -> None:
    data = b"From: x@example.org\nSubject: =?nope?q?abc?=\nContent-Type: text/plain; charset=x-nope\n\nthe text\n"
    assert "the text" in read(data)[-1][2]
