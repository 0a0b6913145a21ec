"""Named points around every commit and every side effect, at which a crash test lets its process die or stand still.

Nothing here is read from the environment or the settings: a process reports its points only after somebody in it called
``arm``. In every other process ``reach`` compares one name with ``None``.
"""

from collections.abc import Callable

_OPERATIONS = {
    "claim": "a lease is taken",
    "append": "events, the task's row and its inbox change",
    "release": "a lease is handed back",
    "send": "a message goes into an inbox",
    "beat": "leases are renewed",
    "write": "other rows change: a new task, a key, a schedule",
}

POINTS: dict[str, str] = {
    **{f"{name}.writing": f"{what}: written, not committed" for name, what in _OPERATIONS.items()},
    **{f"{name}.committed": f"{what}: on disk, nobody was told" for name, what in _OPERATIONS.items()},
    "tool.sending": "a tool is about to be called; the intent of an effect is on disk",
    "tool.returned": "a tool returned; its result is nowhere yet",
    "tool.reconciling": "a tool is about to be asked whether its effect happened",
    "tool.reconciled": "a tool said whether its effect happened; nothing is noted yet",
    "model.sending": "a model is about to be asked; the reservation is on disk",
    "model.answered": "a model answered; its answer is nowhere yet",
    "webhook.sending": "a webhook is about to be told; the delivery is on disk",
    "webhook.answered": "a webhook's receiver answered; the attempt is noted nowhere yet",
    "message.sending": "the broker is about to be given a message",
    "message.sent": "the broker took a message",
    "message.taken": "a worker got a message from the broker and has done nothing yet",
    "message.accepted": "a worker handed a message's task to its event loop",
}
"""Every point there is, and what has happened when it is reached."""

Visit = Callable[[str, str], None]
"""``(point, detail)``; called in whatever thread reaches the point."""

_visit: Visit | None = None


def arm(visit: Visit | None) -> None:
    """From now on ``visit`` hears of every point this process reaches; ``None`` ends that."""
    global _visit
    _visit = visit


def is_armed() -> bool:
    """For callers to whom saying what happened would cost something."""
    return _visit is not None


def reach(point: str, detail: str = "") -> None:
    """This process is at ``point``. Raises ``KeyError`` for one that is not in ``POINTS``."""
    if _visit is None:
        return
    if point not in POINTS:
        raise KeyError(f"{point} is on no list")
    _visit(point, detail)
