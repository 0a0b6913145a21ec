"""Chunks keep to a document's structure and know their place in it."""

import pytest

from memory.ingest.chunks import Block, Place, chunk


def prose(text: str, line: int, heading: str = "") -> Block:
    return Block(text, Place("line", line, line + text.count("\n")), "prose", heading)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("line", 12, 18), "lines 12-18"),
        (Place("page", 3, 3), "page 3"),
        (Place("row", 2, 9), "rows 2-9"),
        (Place("$.items", 2, 2), "$.items[2]"),
        (Place("$.items", 2, 5), "$.items[2-5]"),
        (Place("$.port"), "$.port"),
    ],
)
def test_a_place_reads_as_a_person_would_write_it(place: Place, shown: str) -> None:
    assert str(place) == shown


def test_neighbours_under_one_heading_share_a_chunk_until_it_is_full() -> None:
    blocks = [prose("a" * 40, 1), prose("b" * 40, 3), prose("c" * 40, 5)]
    assert [(p.text, p.position) for p in chunk(blocks, 100)] == [
        ("a" * 40 + "\n\n" + "b" * 40, "lines 1-3"),
        ("c" * 40, "line 5"),
    ]


def test_another_heading_and_another_page_start_another_chunk() -> None:
    headings = chunk([prose("one", 2, "A"), prose("two", 5, "A > B")], 100)
    assert [p.heading for p in headings] == ["A", "A > B"]
    pages = chunk([Block("one", Place("page", 1, 1)), Block("two", Place("page", 2, 2))], 100)
    assert [p.position for p in pages] == ["page 1", "page 2"]


def test_long_prose_is_split_between_words_and_knows_its_lines() -> None:
    lines = [f"Sentence number {number} stands on a line of its own." for number in range(30)]
    pieces = chunk([prose("\n".join(lines), 11)], 300)
    assert all(len(p.text) <= 300 for p in pieces)
    assert "".join("".join(p.text.split()) for p in pieces) == "".join("".join(lines).split())
    for piece in pieces:
        first = int(piece.position.removeprefix("lines ").split("-")[0])
        assert piece.text.split("\n")[0] == lines[first - 11]


def test_a_table_that_must_be_split_repeats_its_header() -> None:
    rows = [f"| quay {number} | {number * 3} euros |" for number in range(40)]
    table = Block("\n".join(["| Quay | Fee |", "| --- | --- |", *rows]), Place("line", 5, 46), "table", "", 2)
    pieces = chunk([table], 300)
    assert len(pieces) > 2
    assert all(p.text.startswith("| Quay | Fee |\n| --- | --- |\n| quay") for p in pieces)
    assert all(len(p.text) <= 300 for p in pieces)
    assert [row for p in pieces for row in p.text.split("\n")[2:]] == rows
    assert pieces[-1].position.endswith("-46")


def test_one_line_longer_than_a_chunk_is_split_too() -> None:
    pieces = chunk([Block("x = " + "1 + " * 200 + "1", Place("line", 1, 1), "code")], 100)
    assert max(len(p.text) for p in pieces) <= 100
    assert {p.position for p in pieces} == {"line 1"}


def test_records_are_grouped_to_half_a_chunk() -> None:
    blocks = [Block(f"port: {number:030d}", Place("row", number, number), "record") for number in range(2, 8)]
    assert [p.position for p in chunk(blocks, 200)] == ["rows 2-3", "rows 4-5", "rows 6-7"]
