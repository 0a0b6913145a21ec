"""The table: point x store x broker x result."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from journal.crash_points import POINTS
from journeyman.selfcheck.invariants import INVARIANTS
from journeyman.selfcheck.suite import MISSED, OK, Result


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run of the suite found. ``unreached`` are points that no process died at, though one should.

    A single ``MISSED`` row is no failure: where work goes on at once, two runs do not commit the same events together.
    """

    results: tuple[Result, ...]
    boundaries: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not (self.boundaries or self.unreached) and all(row.result in (OK, MISSED) for row in self.results)

    def as_json(self) -> dict[str, Any]:
        """The machine-readable table."""
        return {
            "ok": self.ok,
            "invariants": INVARIANTS,
            "points": POINTS,
            "results": [asdict(row) for row in self.results],
            "boundaries": list(self.boundaries),
            "unreached": list(self.unreached),
        }

    def titles(self) -> list[str]:
        """The human table's: the point, then each store with each broker."""
        return ["point", *(f"{store}/{broker}" for store, broker in self._columns())]

    def rows(self) -> Iterator[list[str]]:
        """One row for each point."""
        for point in dict.fromkeys([*POINTS, *(row.point for row in self.results)]):
            of_point = [row for row in self.results if row.point == point]
            if of_point:
                yield [point, *(_cell(row for row in of_point if (row.store, row.broker) == c) for c in self._columns())]

    def complaints(self) -> list[str]:
        """What did not hold, a line each."""
        bad = [row for row in self.results if row.result not in (OK, MISSED)]
        lines = [f"{row.at or row.point} ({row.scenario}, {row.store}, {row.broker}): {row.result}. {row.why}" for row in bad]
        return [*lines, *self.boundaries, *(f"No process died at {point}." for point in self.unreached)]

    def _columns(self) -> Sequence[tuple[str, str]]:
        return list(dict.fromkeys((row.store, row.broker) for row in self.results))


def _cell(rows: Iterable[Result]) -> str:
    counts = Counter(row.result for row in rows)
    return ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))


def unreached(results: Iterable[Result], points: Iterable[str] = POINTS) -> tuple[str, ...]:
    """The points among ``points`` at which no case of ``results`` died."""
    reached = {row.point for row in results if row.result == OK}
    return tuple(point for point in points if point not in reached)
