"""References: how they are read, what they lead to, and how labels travel with them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.plan.references import (
    Labelled,
    MalformedReference,
    MissingValue,
    Reference,
    Template,
    as_text,
    look_up,
    parse,
    references_in,
    resolve,
)
from trust.labels import SYSTEM, USER, Label, Trust, Visibility, join

WEB = Label(sources=("tool:get",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
MAIL = Label(sources=("tool:mail",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
SCOPE = {
    "s1": Labelled({"items": [{"url": "u", "a b": 1}], "n": 5, "0": "zero"}, WEB),
    "s2": Labelled("text", MAIL),
    "s3": Labelled([[1, 2]], SYSTEM),
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "step", "path"),
    [
        ("$s1", "s1", ()),
        ("$s1.items[0].url", "s1", ("items", 0, "url")),
        ('$s1.items[0]["a b"]', "s1", ("items", 0, "a b")),
        ('$s1["say \\"hi\\""]', "s1", ('say "hi"',)),
        ("$s1.0", "s1", (0,)),
        ("$my_step.a-b", "my_step", ("a-b",)),
    ],
)
def test_a_whole_string_is_a_reference(text: str, step: str, path: tuple[Any, ...]) -> None:
    assert parse(text) == Reference(step, path, text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ("plain",)),
        ("$$s1", ("$s1",)),
        ("costs 5$ or $5", ("costs 5$ or $5",)),
        ("{$s1}", (Reference("s1", (), "$s1"),)),
        ("a {$s1.n} b$$c", ("a ", Reference("s1", ("n",), "$s1.n"), " b$c")),
        ("$$ {$s2}", ("$ ", Reference("s2", (), "$s2"))),
    ],
)
def test_a_text_is_a_template(text: str, parts: tuple[Any, ...]) -> None:
    assert parse(text) == Template(parts)


@pytest.mark.parametrize("text", ["$s1 and more", "$s1.", "$s1[x]", "$s1[-1]", "a {$s1. b", "{$}", "{$1}"])
def test_what_begins_like_a_reference_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedReference, match=r"write"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$s1.items[0].url", "u"),
        ('$s1.items[0]["a b"]', 1),
        ("$s1.0", "zero"),
        ("$s3[0][1]", 2),
        ("n={$s1.n}, {$s3}", "n=5, [[1,2]]"),
    ],
)
def test_references_lead_to_values(text: str, value: Any) -> None:
    assert resolve(text, SCOPE, USER).value == value


@pytest.mark.parametrize("text", ["$s9", "$s1.none", "$s1.items[1]", "$s2.key", "$s3.key", "$s1.items.url", "x {$s1.none}"])
def test_what_is_not_there_is_missing(text: str) -> None:
    with pytest.raises(MissingValue):
        resolve(text, SCOPE, USER)


def test_labels_join_through_references() -> None:
    assert resolve("$s1.n", SCOPE, USER).label == WEB
    assert resolve("n {$s1.n} {$s2}", SCOPE, USER).label == join(USER, WEB, MAIL)
    assert resolve({"a": ["$s1.n", "x"], "b": 1}, SCOPE, USER).label == join(USER, WEB)
    assert resolve("a literal", SCOPE, USER).label == USER


def escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [escaped(item) for item in value]
    return {key: escaped(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(json_values)
def test_a_value_with_its_dollars_doubled_is_itself(value: Any) -> None:
    found = resolve(escaped(value), {}, USER)
    assert found == Labelled(value, USER)
    assert not list(references_in(escaped(value)))


@given(json_values)
def test_a_reference_gives_the_value_itself_and_a_text_its_text(value: Any) -> None:
    scope = {"s": Labelled(value, WEB)}
    assert resolve("$s", scope, USER) == Labelled(value, WEB)
    assert resolve("<{$s}>", scope, USER) == Labelled(f"<{as_text(value)}>", join(USER, WEB))


@given(st.text())
def test_reading_a_text_ends_in_a_reference_a_template_or_a_refusal(text: str) -> None:
    try:
        parsed = parse(text)
    except MalformedReference:
        return
    assert isinstance(parsed, Reference | Template)


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1)))
def test_every_place_in_a_value_can_be_referred_to(value: Any) -> None:
    path, here = "", value
    while isinstance(here, list | dict):
        key = len(here) - 1 if isinstance(here, list) else next(iter(here))
        quoted = str(key).replace("\\", "\\\\").replace('"', '\\"')
        path += f"[{key}]" if isinstance(here, list) else f'["{quoted}"]'
        here = here[key]
    reference = parse(f"$s{path}")
    assert isinstance(reference, Reference)
    assert look_up(reference, {"s": Labelled(value, WEB)}) == Labelled(here, WEB)
