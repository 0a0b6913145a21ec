"""Finding the tasks that want work, and whose turn it is."""

from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select

from journal.commit import read_running
from journal.kill_switch import read_halt
from journal.limits import Candidate, Terms, fair
from journal.schema import database_now, tasks
from journal.threads import read_turns


def read_runnable(connection: Connection, limit: int, terms: Terms) -> list[str]:
    """See ``Journal.runnable``."""
    if read_halt(connection) is not None:
        return []
    turns = read_turns(connection, limit)
    candidates = [Candidate(*row) for row in connection.execute(runnable(limit, terms))]
    return [*turns, *fair(candidates, read_running(connection), terms.limits, limit)][:limit]


def runnable(limit: int, terms: Terms) -> Select[Any]:
    """The ``Candidate``s: tasks that want work and that nobody holds, of each tenant and agent the first ``limit``."""
    c = tasks.c
    now = database_now()
    free = or_(c.lease_until.is_(None), c.lease_until <= now)
    wanted = or_(c.due_at <= now, c.mail_at > 0)  # each side has an index over the few rows that have a value
    since = case((c.due_at.is_(None), c.mail_at), (c.mail_at < c.due_at, c.mail_at), else_=c.due_at)
    order = (c.priority.desc(), since, c.id)
    place = func.row_number().over(partition_by=(c.tenant, c.agent), order_by=order).label("place")
    found = select(c.id, c.public_id, c.tenant, c.agent, c.priority, since.label("since"), place).where(wanted, free)
    if terms.agents is not None:
        found = found.where(c.agent.in_(sorted(terms.agents)))
    first = found.subquery("candidates")
    columns = [first.c[name] for name in ("public_id", "tenant", "agent", "priority", "since")]
    return select(*columns).where(first.c.place <= limit).order_by(first.c.since, first.c.id)
