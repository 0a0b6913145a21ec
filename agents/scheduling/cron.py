"""When a cron expression fires, in a time zone with daylight saving. Pure: no clock, no database.

A cron speaks of a clock on the wall. Where its hour is ``*`` it counts hours as they pass: an hour that the clock goes through
twice has its fires twice, one that it leaps over has none. Any other cron names times of the day, and each of them fires once
a day: one that the clock leaps over fires when the leap ends, and one that comes twice fires the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from journal.errors import InvalidInput

_ANY_DAY = datetime(2024, 1, 1)
_LONGEST_SHIFT = timedelta(hours=26)
"""More than any clock was ever moved at once (Samoa left out a day)."""
_LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32))
_WARN_AHEAD = timedelta(days=370)


@dataclass(frozen=True, slots=True)
class Cron:
    """A checked expression of five fields and its zone; made by ``parse``."""

    expression: str
    zone: ZoneInfo

    @classmethod
    def parse(cls, expression: str, timezone: str) -> "Cron":
        """Raises ``InvalidInput`` for a zone that is unknown, and for an expression that is wrong or never fires."""
        cron = cls(" ".join(expression.split()), zone_named(timezone))
        _check(cron.expression)
        return cron

    @property
    def counts_hours(self) -> bool:
        return self.expression.split()[1] == "*"

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Every fire later than ``moment``, in order, in UTC."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        moved = self.zone.utcoffset(wall - _LONGEST_SHIFT) != self.zone.utcoffset(wall + _LONGEST_SHIFT)
        start = wall - (_LONGEST_SHIFT if moved else timedelta(seconds=1))
        return (fire for fire in self._from(start) if fire > moment)

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Every fire with ``first <= fire <= last``."""
        return takewhile(lambda fire: fire <= last, self.after(first - timedelta(microseconds=1)))

    def latest(self, first: datetime, last: datetime, count: int) -> list[datetime]:
        """The last ``count`` fires with ``first <= fire <= last``, oldest first."""
        for back in _LOOK_BACK:
            start = max(first, last - back)
            found = list(self.between(start, last))
            if len(found) >= count or start == first:
                return found[-count:]
        return list(self.between(first, last))[-count:]

    def warnings(self, now: datetime) -> list[str]:
        """What daylight saving does to the fires of the coming year, a sentence for each change of the clock that matters."""
        if self.counts_hours:
            return []
        return [text for change in _changes(self.zone, now, now + _WARN_AHEAD) if (text := self._warning(change))]

    def _from(self, wall: datetime) -> Iterator[datetime]:
        """First passes come in order of the wall's clock; second ones are held back until their turn."""
        held: list[datetime] = []
        newest: datetime | None = None
        for time in CronSim(self.expression, wall):
            fires = self._instants(time)
            for fire in fires:
                heappush(held, fire)
            while held and fires and held[0] <= fires[0]:
                fire = heappop(held)
                if newest is None or fire > newest:
                    newest = fire
                    yield fire

    def _instants(self, wall: datetime) -> list[datetime]:
        """When the wall's clock shows this time: never, once or twice, earliest first."""
        first, second = (wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            return [first]
        if first < second:
            return [first, second] if self.counts_hours else [first]
        return [] if self.counts_hours else [_change(self.zone, second, first)]

    def _warning(self, change: datetime) -> str | None:
        old, new = ((change + timedelta(seconds=s)).astimezone(self.zone).utcoffset() or timedelta() for s in (-1, 0))
        before, after = (change + shift for shift in (old, new))
        first, last = (moment.replace(tzinfo=None) for moment in sorted((before, after)))
        walls = takewhile(lambda time: time < last, CronSim(self.expression, first - timedelta(seconds=1)))
        times = [f"{time:%H:%M}" for time in islice(walls, 4)]
        if not times:
            return None
        named = ", ".join(times[:3]) + (" and others" if len(times) > 3 else "")
        date = f"{first:%Y-%m-%d}"
        if new > old:
            return f"On {date} the clock in {self.zone.key} leaps over {named}: it fires at {after:%H:%M}."
        return f"On {date} the clock in {self.zone.key} shows {named} twice: it fires the first time."


def zone_named(name: str) -> ZoneInfo:
    """An IANA time zone. Raises ``InvalidInput``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "Use a name of the IANA database, such as Europe/Berlin or UTC."
        raise InvalidInput(f"There is no time zone {name!r}.", hint=hint) from None


def _check(expression: str) -> None:
    hint = "Five fields: minute, hour, day of month, month, day of week; such as `0 7 * * 1-5`."
    fields = expression.split()
    if len(fields) != 5:
        raise InvalidInput(f"The cron {expression!r} has {len(fields)} fields, not five.", hint=hint)
    try:
        next(CronSim(expression, _ANY_DAY))
    except CronSimError as error:
        if str(error) == "Bad day-of-month" and _is_right(" ".join([*fields[:3], "*", *fields[4:]])):
            raise _never(expression) from None
        raise InvalidInput(f"The cron {expression!r} is wrong: {str(error).lower()}.", hint=hint) from None
    except StopIteration:
        raise _never(expression) from None


def _is_right(expression: str) -> bool:
    try:
        CronSim(expression, _ANY_DAY)
    except CronSimError:
        return False
    return True


def _never(expression: str) -> InvalidInput:
    return InvalidInput(f"The cron {expression!r} never fires: no month has such a day.", hint="Choose a day that comes.")


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The moments at which the zone's clock is moved."""
    day = first.astimezone(UTC)
    while day < last:
        following = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            yield _change(zone, day, following)
        day = following


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The one moment between the two at which the clock is moved, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after.replace(microsecond=0)
