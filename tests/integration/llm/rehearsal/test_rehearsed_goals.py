"""Every goal of the batches, end to end: the real loop, memory, calculator, files and HTTP on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.llm.rehearsal import first_cases, second_cases, third_cases
from tests.integration.llm.rehearsal.cases import Rehearsals, World, served_pages

WORLDS = [*first_cases.WORLDS, *second_cases.WORLDS, *third_cases.WORLDS]


@pytest.fixture
async def rehearsals(tmp_path: Path) -> AsyncIterator[Rehearsals]:
    with served_pages() as url:
        opened = await Rehearsals.open(tmp_path / "home", url)
        yield opened
        await opened.aclose()


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: next(iter(world.documents)))
async def test_goals_over_a_folder(world: World, rehearsals: Rehearsals) -> None:
    await rehearsals.read("world", world)
    wrong: list[str] = []
    for case in world.cases:
        faults, answer = await rehearsals.faults("world", case)
        if case.gap:
            assert faults, f"It can be done now; unmark it: {case.goal}"
        elif faults:
            wrong.append(f"{case.goal}\n  {'; '.join(faults)}\n  {answer}")
    assert not wrong, "\n".join(wrong)
