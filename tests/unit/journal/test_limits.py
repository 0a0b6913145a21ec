"""Whose turn it is, among tenants and their tasks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from journal.limits import Candidate, Limits, Running, fair

TENANTS, AGENTS = st.sampled_from("abc"), st.sampled_from(["x", "y"])
CANDIDATES = st.lists(st.tuples(TENANTS, AGENTS, st.integers(-2, 2), st.integers(0, 5)), max_size=40).map(
    lambda rows: [Candidate(f"t{number}", *row) for number, row in enumerate(rows)]
)
RUNNING = st.lists(st.tuples(TENANTS, AGENTS, st.integers(1, 4)), max_size=6)


def one(task_id: str, tenant: str = "a", *, agent: str = "x", priority: int = 0, since: int = 0) -> Candidate:
    return Candidate(task_id, tenant, agent, priority, since)


def test_one_tenants_many_tasks_do_not_starve_anothers_single_one() -> None:
    many = [one(f"a{n}", "a", since=n) for n in range(1000)]
    assert fair([*many, one("b", "b", since=5000)], Running(), Limits(), 2) == ["a0", "b"]


def test_who_has_less_at_work_comes_first() -> None:
    wanted = [one("a1", "a"), one("b1", "b", since=9), one("b2", "b", since=9)]
    assert fair(wanted, Running([("a", "x", 2)]), Limits(), 2) == ["b1", "b2"]


def test_priority_counts_within_a_tenant_only() -> None:
    wanted = [one("a1", since=1), one("a2", since=2, priority=5), one("b1", "b", since=3, priority=-5)]
    assert fair(wanted, Running(), Limits(), 3) == ["a2", "b1", "a1"]


def test_the_longest_neglected_comes_first_and_numbers_break_ties() -> None:
    assert fair([one("a3", since=3), one("a1", since=1), one("a2", since=2)], Running(), Limits(), 3) == ["a1", "a2", "a3"]
    assert fair([one("first"), one("second")], Running(), Limits(), 2) == ["first", "second"]


def test_a_limit_holds_up_its_own_tasks_only() -> None:
    limits = Limits(tenant=3, agents={"x": 1})
    wanted = [*(one(f"x{n}") for n in range(3)), *(one(f"y{n}", agent="y", since=1) for n in range(3))]
    assert fair(wanted, Running(), limits, 9) == ["x0", "y0", "y1"]
    assert fair(wanted, Running([("a", "y", 3)]), limits, 9) == []
    assert fair([one("b", "b")], Running([("a", "x", 3)]), limits, 9) == ["b"]


@given(CANDIDATES, RUNNING, st.integers(0, 4), st.integers(0, 3), st.integers(0, 20))
def test_no_limit_is_passed_and_no_room_is_left_unused(
    candidates: list[Candidate], running: list[tuple[str, str, int]], tenant: int, agent: int, most: int
) -> None:
    limits = Limits(tenant, {"x": agent} if agent else {})
    chosen = fair(candidates, Running(running), limits, most)
    by_id = {candidate.task_id: candidate for candidate in candidates}
    assert len(chosen) == len(set(chosen)) <= most
    after = Running(running)
    for task_id in chosen:
        assert not limits.reached(by_id[task_id].tenant, by_id[task_id].agent, after)
        after.add(by_id[task_id].tenant, by_id[task_id].agent)
    left = [candidate for candidate in candidates if candidate.task_id not in chosen]
    assert len(chosen) == most or all(limits.reached(c.tenant, c.agent, after) for c in left)


@given(CANDIDATES, st.integers(0, 20))
def test_without_limits_shares_differ_by_one_at_most_while_there_is_a_choice(candidates: list[Candidate], most: int) -> None:
    chosen = Counter(c.tenant for t in fair(candidates, Running(), Limits(), most) for c in candidates if c.task_id == t)
    wanted = Counter(candidate.tenant for candidate in candidates)
    unsated = [chosen[tenant] for tenant in wanted if chosen[tenant] < wanted[tenant]]
    assert not unsated or max(chosen.values(), default=0) - min(unsated) <= 1
