"""How schedules look to a person: plain text, built from the API's documents."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from journeyman.cli.cards import moment
from journeyman.cli.output import one_line, safe

Document = Mapping[str, Any]

_OWN = ("planner", "thread_id", "tools", "models", "namespaces", "context", "output_schema")


def schedule_card(schedule: Document, fires: Sequence[Document] = ()) -> str:
    """A whole schedule: how it stands, when it fires next and what became of the latest fires."""
    lines = [f"{schedule['id']}  {schedule['name']}  {schedule['status']}"]
    lines += [_field("Why", schedule["why"])] if schedule["why"] else []
    lines += ["", _field("Goal", schedule["goal"]), _field("Agent", schedule["agent"]), _field("When", rhythm(schedule))]
    lines.append(_field("Policy", _policy(schedule)))
    lines += [_field(name, json.dumps(schedule[name])) for name in _OWN if schedule[name]]
    lines += [_field("Declared", "in the configuration file")] if schedule["declared"] else []
    lines += [_field("Failures", f"{schedule['failures']} in a row")] if schedule["failures"] else []
    lines += [_field("Running", ", ".join(schedule["running"]))] if schedule["running"] else []
    lines += [_field("Queued", str(schedule["queued"]))] if schedule["queued"] else []
    lines += ["", "Next fires", *(f"  {coming(fire, schedule['timezone'])}" for fire in schedule["next_fires"])]
    lines += [] if schedule["next_fires"] else ["  none"]
    lines += [f"  Note: {safe(warning)}" for warning in schedule["warnings"]]
    lines += ["", "Latest fires", *(f"  {fire_line(fire)}" for fire in fires)] if fires else []
    return "\n".join(lines)


def rhythm(schedule: Document) -> str:
    """When it fires, in a line."""
    if schedule["cron"] is None:
        return f"once, at {schedule['start_at']}"
    late = f", up to {schedule['jitter_seconds']} s late" if schedule["jitter_seconds"] else ""
    return f"{schedule['cron']} ({schedule['timezone']}{late})"


def coming(fire: Document, timezone: str) -> str:
    """A fire to come: there, and in UTC."""
    local, utc = (datetime.fromisoformat(fire[name]) for name in ("local", "at"))
    return f"{local:%a %Y-%m-%d %H:%M} {timezone} ({utc:%Y-%m-%d %H:%M} UTC)"


def next_fire(schedule: Document) -> str:
    """The next fire, for a table."""
    return coming(schedule["next_fires"][0], schedule["timezone"]) if schedule["next_fires"] else "-"


def fire_line(fire: Document) -> str:
    """What became of one fire."""
    return one_line(
        f"{moment(fire['fire_at'], seconds=True)}  {fire['state']:<9}  {fire['task_id'] or ''}  {fire['why']}", 200
    )


def _policy(schedule: Document) -> str:
    most = f" (at most {schedule['catch_up_limit']})" if schedule["catch_up"] == "all" else ""
    return f"overlap {schedule['overlap']}, catch up {schedule['catch_up']}{most}"


def _field(name: str, value: str) -> str:
    return f"{name + ':':<12} {one_line(value)}"
