"""Program text is cut where it defines something."""

from memory.ingest.code import code_blocks

PYTHON = '''"""Fees."""

import math

RATE = 3


# For boats.
@cached
def fee(metres):
    if metres < 0:

        raise ValueError

    return RATE * metres


class Quay:
    """A quay."""

    depth = 4

    def moor(self, ship):
        return ship

print(fee(3))
'''

JAVASCRIPT = """// Licensed.
import { x } from "y";

export function berth(ship) {
  const a = 1;

  return a;
}

class Crane {
  lift() {}
}

int main(int argc) {
}
"""


def cut(text: str, *, python: bool) -> list[tuple[str, str, str]]:
    return [(b.heading, str(b.place), b.text.split("\n")[0]) for b in code_blocks(text, python=python)]


def test_python_is_cut_by_function_and_class() -> None:
    assert cut(PYTHON, python=True) == [
        ("", "lines 1-5", '"""Fees."""'),
        ("fee", "lines 8-15", "# For boats."),
        ("Quay", "lines 18-21", "class Quay:"),
        ("Quay > moor", "lines 23-24", "    def moor(self, ship):"),
        ("", "line 26", "print(fee(3))"),
    ]


def test_other_languages_are_cut_at_what_is_not_indented() -> None:
    assert cut(JAVASCRIPT, python=False) == [
        ("", "lines 1-2", "// Licensed."),
        ("berth", "lines 4-8", "export function berth(ship) {"),
        ("Crane", "lines 10-12", "class Crane {"),
        ("main", "lines 14-15", "int main(int argc) {"),
    ]


def test_broken_python_is_read_all_the_same() -> None:
    blocks = code_blocks("def fee(:\n    pass\n\nx = (\n", python=True)
    assert [b.text for b in blocks] == ["def fee(:\n    pass", "x = ("]
    assert code_blocks("(" * 5000, python=True)[0].text == "(" * 5000


def test_no_line_is_lost() -> None:
    for text, python in ((PYTHON, True), (JAVASCRIPT, False)):
        kept = [line for block in code_blocks(text, python=python) for line in block.text.split("\n") if line.strip()]
        assert kept == [line for line in text.split("\n") if line.strip()]
