"""CSV and JSON become readable records with positions."""

import json

import pytest

from memory.errors import UnreadableDocument
from memory.ingest.tables import csv_blocks, json_blocks, jsonl_blocks


def test_rows_are_read_with_their_header_and_counted_as_spreadsheets_do() -> None:
    blocks = csv_blocks('port,fee,note\nKiel,43,"a, b"\n\nBremen,39,\n')
    assert [(b.text, str(b.place)) for b in blocks] == [
        ("port: Kiel; fee: 43; note: a, b", "row 2"),
        ("port: Bremen; fee: 39", "row 4"),
    ]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    assert csv_blocks(f"port{mark}fee\nKiel{mark}43,50\n")[0].text == "port: Kiel; fee: 43,50"


def test_ragged_rows_lose_nothing() -> None:
    blocks = csv_blocks("port,fee\nKiel\nBremen,39,extra\n")
    assert [b.text for b in blocks] == ["port: Kiel", "port: Bremen; fee: 39; column 3: extra"]


def test_a_table_without_a_header_keeps_its_first_row() -> None:
    assert [b.text for b in csv_blocks("1,2\n3,4\n")] == ["column 1: 1; column 2: 2", "column 1: 3; column 2: 4"]
    assert [b.text for b in csv_blocks("only,this\n")] == ["column 1: only; column 2: this"]


def test_a_cell_beyond_the_limit_is_one_clear_sentence() -> None:
    with pytest.raises(UnreadableDocument, match="not readable as a table"):
        csv_blocks("a,b\n" + "x" * 200_000 + ",y\n")


def test_json_is_placed_by_its_paths() -> None:
    value = {"port": "Kiel", "items": [{"quay": "north", "fee": 43}, {"quay": "south", "fee": {"day": 9, "night": 5}}]}
    blocks = json_blocks(json.dumps(value), 1200)
    assert [(str(b.place), b.text) for b in blocks] == [
        ("$", "port: Kiel"),
        ("$.items[0]", "quay: north\nfee: 43"),
        ("$.items[1]", "quay: south\nfee.day: 9\nfee.night: 5"),
    ]


def test_large_json_is_taken_apart_where_it_is_large() -> None:
    value = [{"name": "a", "rules": {"long rule": "word " * 60, "short": "x"}}, 7, "text", None]
    places = {str(b.place): b.text for b in json_blocks(json.dumps(value), 200)}
    assert places["$[0]"] == "name: a"
    assert places['$[0].rules["long rule"]'].startswith("word word")
    assert places["$[1]"] == "7"


@pytest.mark.parametrize("text", ['{"a": 1,}', "{", '{"a": 1} {"b": 2}', "9" * 5000])
def test_broken_json_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDocument, match="not valid JSON"):
        json_blocks(text, 1200)


def test_json_nested_without_end_is_refused() -> None:
    for text in ("[" * 100_000, "[" * 900 + "1" + "]" * 900, '{"a":' * 5000 + "1" + "}" * 5000):
        try:
            json_blocks(text, 1200)
        except UnreadableDocument as error:
            assert "nested too deeply" in error.message or "not valid JSON" in error.message  # noqa: PT017


def test_json_lines_name_their_line() -> None:
    blocks = jsonl_blocks('{"a": 1}\n\n{"b": [1, 2]}\n')
    assert [(b.text, str(b.place)) for b in blocks] == [("a: 1", "line 1"), ("b: 1, 2", "line 3")]
    with pytest.raises(UnreadableDocument, match="Line 2 is not valid JSON"):
        jsonl_blocks('{"a": 1}\n{"b"\n')
