"""Digests: equal values have equal digests, different ones do not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.digest import approval_digest, canonical_json, digest, digest_bytes, intent_key

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(values)
def test_canonical_json_says_the_same_as_the_value(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert digest(value) == digest(turned)


def test_canonical_json_is_compact_sorted_utf8() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "Grüße"}) == '{"a":"Grüße","b":[1,2.5]}'.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_without_json_are_refused(number: float) -> None:
    with pytest.raises(ValueError):
        digest({"n": number})


def test_a_digest_is_sha256_in_hexadecimal() -> None:
    assert digest_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest({}) == digest_bytes(b"{}")


def test_every_part_of_an_intent_counts() -> None:
    base = ("tenant", "task", "tool", "v1", {"x": 1}, 0)
    others = [
        ("other", *base[1:]),
        (base[0], "other", *base[2:]),
        (*base[:2], "other", *base[3:]),
        (*base[:3], "v2", *base[4:]),
        (*base[:4], {"x": 2}, 0),
        (*base[:5], 1),
    ]
    keys = {intent_key(*parts) for parts in [base, *others]}
    assert len(keys) == 7
    assert intent_key(*base) == intent_key("tenant", "task", "tool", "v1", {"x": 1}, 0)


def test_an_approval_is_bound_to_the_order_and_content_of_its_calls() -> None:
    one, two = {"tool": "a", "args": {}}, {"tool": "b", "args": {}}
    assert approval_digest([one, two]) == approval_digest(iter([dict(one), dict(two)]))
    assert len({approval_digest(calls) for calls in ([one], [two], [one, two], [two, one])}) == 4
