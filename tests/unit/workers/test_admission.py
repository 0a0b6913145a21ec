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


def test_in_a_crowd_a_message_waits_until_a_slot_is_free_and_is_turned_away() -> None:
    admission = Admission(1, patience=60)
    admission.admit("a")
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(admission.admit("b")), daemon=True)
    waiting.start()
    while not admission.turned_away:
        waiting.join(0.001)
    assert answers == []
    admission.leave("a")
    waiting.join(10)
    assert answers == [False]
    assert admission.take("b")


def test_in_a_crowd_messages_get_no_slot_until_it_has_thinned_out() -> None:
    admission = Admission(1, patience=0)
    admission.admit("a")
    assert not admission.admit("b")
    admission.leave("a")
    seen = admission.turned_away
    assert not admission.admit("c")
    admission.thinned_out(seen)
    assert not admission.admit("c")
    admission.thinned_out(admission.turned_away)
    assert admission.admit("c")


def test_room_in_a_crowd_is_told() -> None:
    admission, told = Admission(1, patience=0), []
    admission.on_room = lambda: told.append("room")
    admission.take("a")
    admission.leave("a")
    assert told == []
    admission.take("a")
    admission.admit("b")
    admission.leave("a")
    assert told == ["room"]


def test_closing_sends_away_those_who_wait_and_those_who_come() -> None:
    admission = Admission(1, patience=60)
    admission.admit("a")
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(admission.admit("b")), daemon=True)
    waiting.start()
    admission.close()
    waiting.join(10)
    assert answers == [False]
    admission.leave("a")
    assert not admission.admit("c")
    assert not admission.take("c")
    assert admission.free == 0


def test_a_task_that_is_here_is_not_due() -> None:
    admission = Admission(2)
    assert admission.is_due("a")
    admission.admit("a")
    assert not admission.is_due("a")
    admission.leave("a")
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
