"""Which tasks a process admits, and which the sweeper may ring for."""

import threading

import pytest

from workers.admission import Admission


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_task_is_admitted_once_until_it_leaves() -> None:
    admission = Admission(2)
    assert admission.admit("a")
    assert not admission.admit("a")
    admission.leave("a")
    assert admission.admit("a")


def test_one_more_than_there_are_slots_waits_until_somebody_leaves() -> None:
    admission = Admission(1)
    admission.admit("a")
    admitted = threading.Event()
    waiting = threading.Thread(target=lambda: admission.admit("b") and admitted.set(), daemon=True)
    waiting.start()
    assert not admitted.wait(0.05)
    admission.leave("a")
    assert admitted.wait(10)


def test_closing_sends_away_those_who_wait_and_those_who_come() -> None:
    admission = Admission(1)
    admission.admit("a")
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(admission.admit("b")), daemon=True)
    waiting.start()
    admission.close()
    waiting.join(10)
    assert answers == [False]
    admission.leave("a")
    assert not admission.admit("c")


def test_a_task_that_is_here_or_rung_for_is_not_due() -> None:
    admission = Admission(2)
    assert admission.is_due("a")
    admission.ring("a")
    assert not admission.is_due("a")
    admission.admit("a")
    assert not admission.is_due("a")
    admission.leave("a")
    assert admission.is_due("a")


def test_a_ring_that_nobody_answers_is_taken_for_lost() -> None:
    clock = Clock()
    admission = Admission(1, clock=clock)
    admission.ring("a")
    clock.now += 29
    assert not admission.is_due("a")
    clock.now += 2
    assert admission.is_due("a")


@pytest.mark.parametrize(("failures", "rest"), [(1, 1), (2, 2), (3, 4), (20, 60)])
def test_a_task_that_fails_to_run_rests_longer_each_time(failures: int, rest: float) -> None:
    clock = Clock()
    admission = Admission(1, clock=clock)
    for _ in range(failures):
        admission.admit("a")
        admission.leave("a", failed=True)
    clock.now += rest - 0.01
    assert not admission.is_due("a")
    clock.now += 0.02
    assert admission.is_due("a")


def test_a_task_that_ran_well_again_starts_with_a_short_rest() -> None:
    clock = Clock()
    admission = Admission(1, clock=clock)
    for failed in (True, True, True, False, True):
        admission.admit("a")
        admission.leave("a", failed=failed)
    clock.now += 1.01
    assert admission.is_due("a")
