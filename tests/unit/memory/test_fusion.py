"""Scores of several ways of looking, made one."""

from uuid import UUID

import pytest

from memory.recall import fuse, scale

A, B, C, D = (UUID(int=number) for number in range(1, 5))


def test_bm25_is_scaled_from_zero_and_similarity_from_the_lowest() -> None:
    assert scale([(A, 8.0), (B, 6.0)], from_zero=True) == {A: 1.0, B: 0.75}
    assert scale([(A, 0.8), (B, 0.7), (C, 0.6)], from_zero=False) == {A: 1.0, B: pytest.approx(0.5), C: 0.0}
    assert scale([(A, 0.3)], from_zero=False) == {A: 1.0}


def test_the_best_in_every_way_scores_one() -> None:
    assert fuse([{A: 1.0, B: 0.5}, {A: 1.0, C: 0.9}]) == [(A, 1.0), (C, 0.45), (B, 0.25)]
    assert fuse([]) == []


def test_how_much_better_counts_and_not_the_rank_alone() -> None:
    answer_and_neighbour = [{A: 1.0, B: 0.2}, {B: 1.0, A: 0.9}]
    assert [uid for uid, _ in fuse(answer_and_neighbour)] == [A, B]


def test_scores_are_in_bounds_and_ties_are_settled_by_id() -> None:
    assert [uid for uid, _ in fuse([{B: 1.0}, {A: 1.0}])] == [A, B]
    assert all(0 <= score <= 1 for _, score in fuse([{A: 1.0, B: 0.3, C: 0.0, D: 0.1}] * 3))
