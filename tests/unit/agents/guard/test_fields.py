"""Results in passages, and one of them withheld."""

import json
from collections.abc import Callable

import pytest

from agents.guard.fields import passages, rewritten


def withhold(bad: str) -> Callable[[str], str]:
    return lambda text: "[withheld]" if text == bad else text


def test_a_paragraph_is_withheld_and_the_rest_stays_as_it_was() -> None:
    text = "First.\n\nBad one.\n \n\nLast\nline."
    assert [p.text for p in passages(text, None)] == ["First.", "Bad one.", "Last\nline."]
    assert rewritten(text, None, withhold("Bad one.")) == ("First.\n\n[withheld]\n \n\nLast\nline.", None)


def test_a_field_of_a_structured_result_is_withheld_in_both_its_forms() -> None:
    data = {"items": [{"from": "ann", "body": "bad"}, {"from": "bob", "body": "good"}], "n": 2}
    content = json.dumps(data)
    assert [(p.field, p.text) for p in passages(content, data) if p.text == "bad"] == [("data.items[0].body", "bad")]
    text, changed = rewritten(content, data, withhold("bad"))
    assert changed["items"] == [{"from": "ann", "body": "[withheld]"}, {"from": "bob", "body": "good"}]
    assert json.loads(text) == changed


def test_where_text_and_data_differ_both_are_looked_at() -> None:
    data = {"url": "u", "text": "bad"}
    found = {p.text for p in passages("HTTP 200\n\nbad\n\nmore", data)}
    assert {"bad", "HTTP 200", "more"} <= found
    assert rewritten("HTTP 200\n\nbad\n\nmore", data, withhold("bad")) == (
        "HTTP 200\n\n[withheld]\n\nmore",
        {"url": "u", "text": "[withheld]"},
    )


@pytest.mark.parametrize("data", [None, "text", 3, [], {}, [1, [2, {"a": None}]], "é\n\nü", {"k" * 50: True}])
def test_without_a_change_nothing_changes(data: object) -> None:
    content = "plain\n\n\n text  " if data is None else json.dumps(data)
    text, same = rewritten(content, data, lambda text: text)
    assert same == data
    assert text == content or json.loads(text) == data


def test_a_long_paragraph_is_cut_so_that_little_is_withheld() -> None:
    assert [len(p.text) for p in passages("x" * 4_500, None)] == [2_000, 500]
