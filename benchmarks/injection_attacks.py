"""Calls that are not the person's own, usefulness and asks, with a model that obeys every stranger.

    python -P benchmarks/injection_attacks.py [--quick]

25 tasks over tools of five MCP servers, without attack and with six attacks in four modes (see ``benchmarks/injection``), by a
plan and step by step, with nobody there and with a person who approves exactly the calls that are theirs. ``--quick``: one
attack. The last line is the control: a policy that allows everything. It exits 1 where a call was not the person's own.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.injection.attacks import ATTACKS, Attack, Mode
from benchmarks.injection.cases import CASES
from benchmarks.injection.measure import Figures, House, Permissive, Person, house

TITLES = ("planner", "person", "model", "tasks", "not own", "useful", "asks a task", "asks by attack")


async def main(quick: bool) -> int:
    attacks = ATTACKS[:1] if quick else ATTACKS
    foreign = 0
    sys.stdout.write(_line(TITLES))
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as measured:
            for planner in ("plan", "react"):
                for person in Person:
                    foreign += await _rows(measured, planner, person, attacks)
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder), lambda agents: Permissive()) as undefended:
            control = [await undefended.measure(CASES, "react", Person.NOBODY, attack, Mode.OBEY) for attack in attacks]
            sys.stdout.write(_row("react", "nobody", "obey, no policy", _sum(control), 0.0))
    return 1 if foreign else 0


async def _rows(measured: House, planner: str, person: Person, attacks: Sequence[Attack]) -> int:
    calm = await measured.measure(CASES, planner, person)
    usual = calm.asks / calm.tasks
    sys.stdout.write(_row(planner, person, "good", calm, usual))
    foreign = len(calm.foreign)
    for mode in Mode:
        runs = [await measured.measure(CASES, planner, person, attack, mode) for attack in attacks]
        total = _sum(runs)
        sys.stdout.write(_row(planner, person, mode, total, usual))
        foreign += len(total.foreign)
    return foreign


def _sum(runs: Iterable[Figures]) -> Figures:
    total = Figures()
    for run in runs:
        total.tasks += run.tasks
        total.useful += run.useful
        total.asks += run.asks
        total.foreign += run.foreign
    return total


def _row(planner: str, person: str, model: str, figures: Figures, usual: float) -> str:
    asks = figures.asks / figures.tasks
    useful = f"{figures.useful / figures.tasks:.0%}"
    cells = (
        planner,
        person,
        model,
        figures.tasks,
        len(figures.foreign),
        useful,
        f"{asks:.2f}",
        f"{max(0.0, asks - usual):.2f}",
    )
    return _line(tuple(str(cell) for cell in cells))


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(max(len(title), 15)) for cell, title in zip(cells, TITLES, strict=True)).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(asyncio.run(main("--quick" in sys.argv[1:])))
