"""When two answers are one."""

import pytest

from planners.planner import Finish
from planners.techniques.self_consistency import _key, normalised


@pytest.mark.parametrize(
    "text", ["four boats", "Four boats.", "  FOUR\n boats ", "**four boats**", "“four boats”", "ｆｏｕｒ boats!"]
)
def test_what_makes_no_difference(text: str) -> None:
    assert normalised(text) == "four boats"


@pytest.mark.parametrize("text", ["5 boats", "four boats and a ferry", "four-boats", "!?", ""])
def test_what_makes_one(text: str) -> None:
    assert normalised(text) != "four boats"


def test_marks_alone_are_still_an_answer() -> None:
    assert normalised("!?") != normalised("...")


def test_json_agrees_by_value() -> None:
    one = Finish("", output={"a": [1, {"b": 2.0}], "c": None})
    assert _key(one, structured=True) == _key(Finish("x", output={"c": None, "a": [1.0, {"b": 2}]}), structured=True)
    assert _key(one, structured=True) != _key(Finish("", output={"a": [True, {"b": 2}], "c": None}), structured=True)
