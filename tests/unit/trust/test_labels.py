"""The laws of joining labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trust.labels import SYSTEM, USER, Label, Trust, Visibility, join

labels = st.builds(
    Label,
    sources=st.lists(st.sampled_from(["user", "system", "tool:a", "tool:b", "memory:c"]), min_size=1).map(tuple),
    trust=st.sampled_from(Trust),
    visibility=st.sampled_from(Visibility),
)


def below(lower: Label, upper: Label) -> bool:
    """Whether ``lower`` is at most as trusted and as public as ``upper``, and comes from all that ``upper`` comes from."""
    return (
        set(lower.sources) >= set(upper.sources)
        and (lower.trust is Trust.UNTRUSTED or upper.trust is Trust.TRUSTED)
        and (lower.visibility is Visibility.PRIVATE or upper.visibility is Visibility.PUBLIC)
    )


@given(labels, labels, labels)
def test_join_is_associative(a: Label, b: Label, c: Label) -> None:
    assert join(join(a, b), c) == join(a, join(b, c)) == join(a, b, c)


@given(labels, labels)
def test_join_is_commutative(a: Label, b: Label) -> None:
    assert join(a, b) == join(b, a)


@given(labels)
def test_join_is_idempotent(a: Label) -> None:
    assert join(a, a) == join(a) == a


@given(labels, labels)
def test_a_join_is_below_all_that_it_joins(a: Label, b: Label) -> None:
    assert below(join(a, b), a)
    assert below(join(a, b), b)


@given(labels, labels, labels)
def test_join_is_the_highest_label_below_both(a: Label, b: Label, c: Label) -> None:
    if below(c, a) and below(c, b):
        assert below(c, join(a, b))


@given(labels, labels, labels)
def test_join_is_monotone(a: Label, b: Label, c: Label) -> None:
    lower = join(a, b)
    assert below(join(lower, c), join(a, c))


@given(labels)
def test_a_label_survives_json(a: Label) -> None:
    assert Label.model_validate_json(a.model_dump_json()) == a


def test_equal_labels_have_equal_json_whatever_the_order_of_their_sources() -> None:
    one = Label(sources=("b", "a", "b"), trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)
    other = Label(sources=("a", "b"), trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)
    assert one == other
    assert one.model_dump_json() == other.model_dump_json() == '{"from":["a","b"],"trust":"trusted","visibility":"public"}'


def test_sources_given_as_one_string_are_refused() -> None:
    with pytest.raises(ValidationError, match="list of names"):
        Label(sources="user", trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)


def test_what_the_user_says_joined_with_instructions_is_trusted_and_private() -> None:
    both = join(USER, SYSTEM)
    assert (both.sources, both.trust, both.visibility) == (("system", "user"), Trust.TRUSTED, Visibility.PRIVATE)
