"""A run of the suite: which cases, over which stores and brokers."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journal.crash_points import POINTS
from journeyman.home import prepare
from journeyman.selfcheck.boundaries import check_boundaries
from journeyman.selfcheck.brokers import broker_gone_case, broker_of, database_cut_case, points_over_a_broker, worker_case
from journeyman.selfcheck.invariants import Violated
from journeyman.selfcheck.life import Crash
from journeyman.selfcheck.report import Report, unreached
from journeyman.selfcheck.scenarios import SCENARIOS
from journeyman.selfcheck.suite import Lab, Result, crash_case, explore, frozen_case, open_lab

QUICK = ("react", "doubt")

SOUND = tuple(name for name, scenario in SCENARIOS.items() if scenario.sound)
STORMS = 6
"""So many times the processes of each scenario are killed at several points, drawn by a seed."""

RECONCILING = tuple(
    (Crash("tool.returned", "book"), Crash(point, "book")) for point in ("tool.reconciling", "tool.reconciled")
)
"""Points that are reached only behind a crash."""

REPEATS = 2
"""So many times a process is killed where it reaches the same point with the same kinds of events again and again."""

OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """``databases`` are URLs; only their kind and server count: the cases have scratch journals. Each is checked with each of
    the ``brokers``, and without one. ``home`` is where scratch folders are made. ``full``: every scenario, each point each
    time; else each point once."""

    home: Path
    databases: Sequence[str]
    brokers: Sequence[str] = ()
    scenarios: Sequence[str] = ()
    full: bool = False
    width: int = 8
    seed: int = 1
    on_result: OnResult = field(default=lambda result: None)


async def run(plan: Plan) -> Report:
    """Run all cases. Raises ``ConfigurationError`` or ``StorageError`` where a scratch journal cannot be made."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="selfcheck-", dir=prepare(plan.home), ignore_cleanup_errors=True) as folder:
        for number, url in enumerate(plan.databases):
            own = Path(folder) / str(number)
            own.mkdir()
            async with open_lab(url, own, width=plan.width, on_result=plan.on_result) as lab:
                results += await _over_one_store(plan, lab)
                for broker in plan.brokers:
                    results += await _over_one_broker(lab, broker, plan.full)
    points = POINTS if plan.full and not plan.scenarios else {row.point for row in results}
    apart = ("webhook.",) if plan.brokers else ("message.", "webhook.")
    missing = unreached(results, [point for point in points if not point.startswith(apart)])
    return Report(tuple(results), tuple(check_boundaries()), missing)


async def _over_one_store(plan: Plan, lab: Lab) -> list[Result]:
    """Learn what each scenario reaches, then kill processes at these points."""
    names = plan.scenarios or (SOUND if plan.full else QUICK)
    found = await asyncio.gather(*(_explored(lab, name) for name in names))
    reached = {name: crashes for name, (_, crashes) in zip(names, found, strict=True) if crashes}
    cases = [*(_each(reached) if plan.full else _each_point(reached)), *_behind_crashes(reached)]
    storms = _storms(reached, random.Random(plan.seed)) if plan.full else []  # noqa: S311
    work = [crash_case(lab, name, *crashes) for name, crashes in cases]
    work += [crash_case(lab, name, *crashes, each=False) for name, crashes in storms]
    if "react" in reached:
        work += [frozen_case(lab, "react", crash) for crash in _freezes(lab, plan.full)]
    return [row for row, _ in found if row is not None] + await asyncio.gather(*work)


async def _over_one_broker(lab: Lab, broker: str, full: bool) -> list[Result]:
    """Kill a worker at each point, and take its broker and its database away for a while."""
    cases = [
        worker_case(lab, broker, name, crash)
        for name, crash in points_over_a_broker()
        if full or crash.point.startswith("message.")
    ]
    if broker_of(broker) != "memory":
        cases.append(broker_gone_case(lab, broker))
    if lab.store == "postgres":
        cases.append(database_cut_case(lab, broker))
    return list(await asyncio.gather(*cases))


Case = tuple[str, tuple[Crash, ...]]
Reached = dict[str, list[Crash]]


def _each(reached: Reached) -> list[Case]:
    return [(name, (crash,)) for name, crashes in reached.items() for crash in crashes if crash.nth <= REPEATS]


def _each_point(reached: Reached) -> list[Case]:
    once: dict[str, Case] = {}
    for name, (crash,) in _each(reached):
        once.setdefault(crash.point, (name, (crash,)))
    return list(once.values())


def _behind_crashes(reached: Reached) -> list[Case]:
    return [("react", crashes) for crashes in RECONCILING] if "react" in reached else []


def _storms(reached: Reached, draw: random.Random) -> list[Case]:
    """Three crashes in a row. A later one may not come about: what its process had to do was done before."""
    return [
        (name, tuple(draw.sample(crashes, 3))) for name, crashes in reached.items() if len(crashes) > 3 for _ in range(STORMS)
    ]


def _freezes(lab: Lab, full: bool) -> list[Crash]:
    """Where two workers come to believe that they hold one task. Not between the last look at the lease and the send, where
    nothing can be promised; and not inside a commit of SQLite, which locks the file as long as its process lives."""
    points = [("tool.returned", "send"), ("model.answered", None)]
    if full:
        points += [("claim.committed", None), ("append.committed", "tool.completed+llm.requested")]
    if lab.store == "postgres":
        points += [("append.writing", None)]
    return [Crash(point, detail) for point, detail in points]


async def _explored(lab: Lab, name: str) -> tuple[Result | None, list[Crash]]:
    """What the scenario reaches, or the row that says why it does not come to its end even unharmed."""
    try:
        return None, await explore(lab, name)
    except Violated as violation:
        row = Result("none", "", lab.store, "none", name, violation.invariant, 0.0, str(violation))
        lab.on_result(row)
        return row, []
