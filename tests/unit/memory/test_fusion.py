"""Rankings fused by reciprocal rank."""

from uuid import UUID

from memory.recall import fuse

A, B, C, D = (UUID(int=number) for number in range(1, 5))


def test_the_head_of_every_ranking_scores_one() -> None:
    assert fuse([[A, B], [A, C]])[0] == (A, 1.0)


def test_a_ranking_that_found_nothing_does_not_count() -> None:
    assert fuse([[A], []]) == [(A, 1.0)]
    assert fuse([]) == []
    assert fuse([[], []]) == []


def test_being_found_twice_beats_being_found_once_lower() -> None:
    assert [uid for uid, _ in fuse([[A, B, C], [B, D, C]])] == [B, A, C, D]


def test_scores_are_in_bounds_and_ties_are_settled_by_id() -> None:
    fused = fuse([[B], [A]])
    assert [uid for uid, _ in fused] == [A, B]
    assert all(0 < score <= 1 for _, score in fuse([[A, B, C, D]] * 4))
