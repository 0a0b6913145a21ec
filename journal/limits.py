"""How many tasks may be worked on at once, by all workers together, and whose turn it is."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tasks of one tenant, and of one agent of a tenant, at once; 0 means any number."""

    tenant: int = 0
    agents: Mapping[str, int] = field(default_factory=dict)

    def apply_to(self, agent: str) -> bool:
        """Whether a task of this agent has a limit at all."""
        return bool(self.tenant or self.agents.get(agent))

    def reached(self, tenant: str, agent: str, running: "Running") -> str:
        """What is reached, in words; empty: one more may run."""
        if self.tenant and running.of_tenant(tenant) >= self.tenant:
            return f"{self.tenant} tasks of the tenant are at work"
        most = self.agents.get(agent, 0)
        if most and running.of_agent(tenant, agent) >= most:
            return f"{most} tasks of the agent {agent} are at work"
        return ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a worker claims a task. ``agents``: those whose tasks it takes; ``None`` means all."""

    limits: Limits = Limits()
    agents: frozenset[str] | None = None


class Running:
    """How many tasks are at work, by tenant and agent."""

    def __init__(self, counts: Iterable[tuple[str, str, int]] = ()) -> None:
        self._agents: Counter[tuple[str, str]] = Counter()
        self._tenants: Counter[str] = Counter()
        for tenant, agent, count in counts:
            self.add(tenant, agent, count)

    def add(self, tenant: str, agent: str, count: int = 1) -> None:
        self._agents[tenant, agent] += count
        self._tenants[tenant] += count

    def of_tenant(self, tenant: str) -> int:
        return self._tenants[tenant]

    def of_agent(self, tenant: str, agent: str) -> int:
        return self._agents[tenant, agent]


class Candidate(NamedTuple):
    """A task that wants work; ``since`` is when it became due, in microseconds."""

    task_id: str
    tenant: str
    agent: str
    priority: int
    since: int


def fair(candidates: Sequence[Candidate], running: Running, limits: Limits, most: int) -> list[str]:
    """Whose turn it is: each time the tenant with the fewest tasks at work, and of its tasks the one of the highest priority,
    then the one that waits the longest. What a limit forbids is left out."""
    queues: dict[str, list[Candidate]] = {}
    for candidate in reversed(sorted(candidates, key=lambda c: (-c.priority, c.since))):  # noqa: C413 - ties keep their order
        queues.setdefault(candidate.tenant, []).append(candidate)
    turns = [(running.of_tenant(tenant), queue[-1].since, tenant) for tenant, queue in queues.items()]
    heapq.heapify(turns)
    chosen: list[str] = []
    while turns and len(chosen) < most:
        _, _, tenant = heapq.heappop(turns)
        queue = queues[tenant]
        candidate = queue.pop()
        if not limits.reached(tenant, candidate.agent, running):
            running.add(tenant, candidate.agent)
            chosen.append(candidate.task_id)
        if queue:
            heapq.heappush(turns, (running.of_tenant(tenant), queue[-1].since, tenant))
    return chosen
