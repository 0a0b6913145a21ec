"""A commit or a side effect that is on no list fails the suite."""

from pathlib import Path

import pytest

from journal import crash_points
from journeyman.selfcheck.boundaries import EXCUSED, POINTS_AROUND, check_boundaries


def test_every_boundary_of_the_code_is_on_a_list() -> None:
    assert check_boundaries() == []


@pytest.mark.parametrize(
    "line",
    [
        "engine.begin()",
        "self.app.send_task('x')",
        "await tool.run(context, args)",
        "httpx.AsyncClient()",
        "file.write_text('x')",
        "open(file, 'wb')",
        "path.open(mode='a')",
    ],
)
def test_one_that_is_on_no_list_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "new.py").write_text(f"class New:\n    async def do(self):\n        {line}\n")
    [unlisted] = [wrong for wrong in check_boundaries(tmp_path) if "on no list" in wrong]
    assert unlisted.startswith("agents/new.py New.do ")


def test_one_whose_points_are_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "llm").mkdir()
    (tmp_path / "llm" / "calling.py").write_text(
        "def _once(model):\n    reach('model.sending')\n    model.provider.complete()\n"
    )
    wrong = check_boundaries(tmp_path)
    assert "llm/calling.py _once complete does not reach the crash point model.answered." in wrong
    assert not any("model.sending" in line for line in wrong)


def test_every_named_point_is_there_and_says_what_has_happened() -> None:
    named = {point for points in POINTS_AROUND.values() for point in points if "." in point}
    assert named <= crash_points.POINTS.keys()
    assert all(crash_points.POINTS.values())
    assert all(EXCUSED.values())


def test_a_point_on_no_list_is_an_error_where_points_are_armed() -> None:
    crash_points.reach("nowhere")
    crash_points.arm(lambda point, detail: None)
    try:
        with pytest.raises(KeyError, match="nowhere"):
            crash_points.reach("nowhere")
    finally:
        crash_points.arm(None)
