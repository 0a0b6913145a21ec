"""The Python in the documentation runs, and its links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest

from journeyman.testing import StubServer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def python_in(page: str) -> list[str]:
    return FENCE.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_piece_of_python_compiles(page: Path) -> None:
    for code in python_in(str(page.relative_to(ROOT))):
        compile(code, page.name, "exec")


async def test_the_page_about_testing_is_true(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    for code in python_in("docs/how-to/test-an-agent.md"):
        exec(code, names)
    async with StubServer(names["RULES"]) as stub:
        assert await names["answer"]("What is 6*7?", stub.url, tmp_path / "home") == "It is 42."
        assert "42" in stub.requests[-1].text
