"""``--technique``: how it is read, and what is told where it cannot be."""

from pathlib import Path

import pytest

from agents.requests import TaskRequest
from journal.errors import InvalidInput
from journeyman.cli.techniques import read_techniques


def test_names_values_and_files(tmp_path: Path) -> None:
    file = tmp_path / "examples.json"
    file.write_text('[{"goal": "1 + 1", "answer": "2"}]')
    given = [
        "chain-of-thought",
        "reflexion=false",
        "self_consistency=5",
        f"few_shot={file}",
        "directional_stimulus=north",
        "directional_stimulus=a = b",
    ]
    asked = read_techniques(given)
    assert asked == {
        "chain_of_thought": True,
        "reflexion": False,
        "self_consistency": 5,
        "few_shot": [{"goal": "1 + 1", "answer": "2"}],
        "directional_stimulus": ["north", "a = b"],
    }
    TaskRequest.model_validate({"goal": "x", "techniques": asked})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("tree_of_thoughts", "no technique named 'tree_of_thoughts'"),
        ("reflexion=maybe", "true or false"),
        ("self_consistency", "needs a value"),
        ("self_consistency=many", "a number of samples"),
        ("few_shot=nowhere.json", "cannot be read"),
        (f"few_shot={__file__}", "not JSON"),
    ],
)
def test_mistakes_are_told(given: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        read_techniques([given])


def test_examples_are_a_list(tmp_path: Path) -> None:
    file = tmp_path / "examples.json"
    file.write_text("{}")
    with pytest.raises(InvalidInput, match="not a list"):
        read_techniques([f"few_shot={file}"])
