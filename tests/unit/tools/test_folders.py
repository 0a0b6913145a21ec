"""Folders of plain Python files."""

from pathlib import Path

import pytest

from journal.errors import ConfigurationError, NotFound
from tools.folders import load_folder
from tools.functions import tool_from
from tools.registry import Registry, build_registry
from tools.settings import ToolSettings
from tools.types import ToolContext, ToolOutput

GOOD = '''
from __future__ import annotations
import os
from textwrap import dedent
from tools.decorator import tool
from tools.types import ToolContext

LIMIT = 3

class Helper: ...

def lookup(name: str) -> str:
    """Look a name up."""
    return _inner(name)

@tool(name="files.count", read_only=True)
async def count(context: ToolContext) -> int:
    """Count files."""
    return LIMIT

again = lookup

def _inner(name):
    return name.upper()
'''


def names(folder: Path) -> list[str]:
    return [tool.name for tool in load_folder(folder)]


async def test_public_functions_defined_in_the_file_are_tools(tmp_path: Path, context: ToolContext) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "_hidden.py").write_text("this is not even Python")
    (tmp_path / "notes.txt").write_text("nor this")
    lookup, count = load_folder(tmp_path)
    assert (lookup.name, lookup.origin, lookup.hints.read_only) == ("lookup", "local", None)
    assert (count.name, count.hints.read_only) == ("files.count", True)
    assert await lookup.run(context, {"name": "anna"}) == ToolOutput("ANNA")
    assert (await count.run(context, {})).data == 3


def test_files_may_share_code_beside_them(tmp_path: Path) -> None:
    (tmp_path / "_common.py").write_text("UNIT = 'kg'\n")
    (tmp_path / "weigh.py").write_text('from ._common import UNIT\ndef weigh() -> str:\n    """Weigh."""\n    return UNIT\n')
    assert names(tmp_path) == ["weigh"]


def test_a_second_load_reads_the_files_again(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text('def first() -> int:\n    """One."""\n    return 1\n')
    before = load_folder(tmp_path)
    file.write_text('def first() -> int:\n    """One."""\n    return 1 + 1\n')
    after = load_folder(tmp_path)
    assert before[0].pinned != after[0].pinned


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def broken(:\n", ", line 1: "),
        ("import no_such_library\n", "no_such_library"),
        ("from ._nothing import x\n", "_nothing"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(1)\n", "SystemExit: 1"),
        ("def untyped(x):\n    'Documented.'\n", "function `untyped`: the parameter `x` has no type annotation"),
        ("def silent(x: int): ...\n", "function `silent`: it has no docstring"),
        ("f = lambda: 1\n", "no docstring"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(source: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(source)
    with pytest.raises(ConfigurationError) as caught:
        load_folder(tmp_path)
    assert says in caught.value.message
    assert str(file) in caught.value.message
    assert caught.value.hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent") as caught:
        load_folder(tmp_path / "absent")
    assert "tools" in caught.value.hint


def test_a_local_tool_may_not_take_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text('def calculate() -> int:\n    """Mine."""\n    return 1\n')
    with pytest.raises(ConfigurationError, match=r"Two tools are called `calculate`: one is builtin, one is local"):
        build_registry(ToolSettings(folders=(tmp_path,)))


def sample(name: str) -> Registry:
    """Never called."""
    raise AssertionError(name)


class TestRegistry:
    def make(self) -> Registry:
        from dataclasses import replace

        base = tool_from(sample)
        later = [replace(base, name="later.one")]
        return Registry([replace(base, name=n) for n in ("files.write", "files.read", "now")], later=lambda: later)

    def test_tools_are_found_by_name_and_listed_in_order(self) -> None:
        registry = self.make()
        assert registry.get("now").name == "now"
        assert [t.name for t in registry.all()] == ["files.read", "files.write", "later.one", "now"]
        assert registry.get("later.one").name == "later.one"

    def test_select_takes_names_and_patterns(self) -> None:
        registry = self.make()
        assert [t.name for t in registry.select(["now", "files.*", "files.read"])] == ["files.read", "files.write", "now"]
        assert [t.name for t in registry.select(["*.one"])] == ["later.one"]
        assert len(registry.select(None)) == 4
        assert registry.select([]) == []

    @pytest.mark.parametrize("name", ["nwo", "NOW", "files.reed"])
    def test_an_unknown_name_gets_the_closest_ones(self, name: str) -> None:
        with pytest.raises(NotFound, match="There is no tool") as caught:
            self.make().get(name)
        assert caught.value.hint

    def test_a_pattern_that_matches_nothing_is_not_found(self) -> None:
        with pytest.raises(NotFound, match=r"mail\.\*"):
            self.make().select(["now", "mail.*"])

    def test_the_rest_is_asked_for_once_and_only_when_needed(self) -> None:
        asked: list[int] = []

        def later() -> list[object]:
            asked.append(1)
            return []

        registry = Registry([tool_from(sample)], later=later)  # type: ignore[arg-type]
        registry.get("sample")
        registry.select(["sample"])
        assert asked == []
        registry.all()
        registry.all()
        assert asked == [1]
