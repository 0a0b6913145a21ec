"""From functions to tools: schema, check, call, result."""

import asyncio
import functools
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from journal.errors import ConfigurationError
from tools.decorator import options_of, tool
from tools.errors import InvalidArguments
from tools.functions import tool_from
from tools.types import ToolContext, ToolOutput
from trust.labels import Trust, Visibility


class Address(BaseModel):
    city: str
    zip: int = 0


@tool(read_only=True, idempotent=True, version="2", timeout_seconds=5)
def look_up(
    name: str,
    kind: Literal["person", "firm"] = "person",
    title: Optional[str] = None,  # noqa: UP045
    k: Annotated[int, Field(ge=1, le=9, description="How many.")] = 3,
    address: Address | None = None,
    *,
    context: ToolContext,
) -> dict[str, Any]:
    """Look somebody up.

    Second paragraph.

    Args:
        name: The name,
            as written.
        k: Not this one, the annotation wins.
        kind (str): What it is.

    Returns:
        What was found.
    """
    return {"name": name, "kind": kind, "title": title, "k": k, "address": address, "tenant": context.tenant}


async def test_schema_description_and_options() -> None:
    made = tool_from(look_up)
    assert made.name == "look_up"
    assert made.description == "Look somebody up.\n\nSecond paragraph.\n\nReturns:\n    What was found."
    assert made.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "The name, as written."},
            "kind": {"type": "string", "enum": ["person", "firm"], "default": "person", "description": "What it is."},
            "title": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "k": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "How many."},
            "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
        },
        "$defs": {
            "Address": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "zip": {"type": "integer", "default": 0}},
            }
        },
    }
    assert (made.hints.read_only, made.hints.destructive, made.hints.idempotent) == (True, None, True)
    assert (made.trust, made.visibility, made.origin) == (Trust.UNTRUSTED, Visibility.PRIVATE, "local")
    assert made.timeout_seconds == 5
    assert made.version.startswith("2+")


async def test_a_call_validates_converts_and_injects_the_context(context: ToolContext) -> None:
    output = await tool_from(look_up).run(context, {"name": "Anna", "address": {"city": "Kiel"}})
    assert output.data == {
        "name": "Anna",
        "kind": "person",
        "title": None,
        "k": 3,
        "address": {"city": "Kiel", "zip": 0},
        "tenant": "acme",
    }
    assert output.content.startswith('{"name":"Anna","kind":"person"')


def test_a_decorated_function_is_still_plain_python(context: ToolContext) -> None:
    assert look_up("Anna", k=99, context=context)["k"] == 99

    @tool
    def bare(x: int) -> int:
        """Doubles."""
        return 2 * x

    assert bare(2) == 4
    assert options_of(bare).hints.read_only is None


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "`name` is missing."),
        ({"name": 5}, "`name`: input should be a valid string (got 5)."),
        ({"nmae": "x", "name": "y"}, "`nmae` is not an argument (did you mean `name`?)."),
        ({"name": "x", "zzz": 1}, "`zzz` is not an argument (known: name, kind, title, k, address)."),
        ({"name": "x", "context": {}}, "`context` is not an argument (known: name, kind, title, k, address)."),
        ({"name": "x", "k": 12}, "`k`: input should be less than or equal to 9 (got 12)."),
        ({"name": "x", "kind": "dog"}, "`kind`: input should be 'person' or 'firm' (got \"dog\")."),
        ({"name": "x", "address": {"zip": 1}}, "`address.city` is missing."),
        (
            {"k": "many"},
            '`name` is missing. `k`: input should be a valid integer, unable to parse string as an integer (got "many").',
        ),
    ],
)
async def test_wrong_arguments_get_a_sentence_for_each_mistake(
    args: dict[str, Any], message: str, context: ToolContext
) -> None:
    made = tool_from(look_up)
    with pytest.raises(InvalidArguments) as caught:
        made.check(args)
    assert str(caught.value) == message
    with pytest.raises(InvalidArguments):
        await made.run(context, args)


def test_the_branches_of_a_union_make_one_sentence() -> None:
    @tool
    def either(x: int | list[int]) -> None:
        """Takes either."""

    with pytest.raises(InvalidArguments) as caught:
        tool_from(either).check({"x": [1, "b"]})
    assert str(caught.value).count(".") == 2
    assert "`x[1]`" in str(caught.value)


def test_long_values_are_shortened_in_messages() -> None:
    with pytest.raises(InvalidArguments) as caught:
        tool_from(look_up).check({"name": "x", "k": "9" * 10_000 + "x"})
    assert len(str(caught.value)) < 250


async def test_names_that_pydantic_uses_itself_are_fine(context: ToolContext) -> None:
    @tool
    def odd(json: str, schema: int, model_config: bool, copy: str = "c", _private: int = 1) -> list[Any]:
        """Has odd names."""
        return [json, schema, model_config, copy, _private]

    output = await tool_from(odd).run(context, {"json": "j", "schema": 1, "model_config": True, "_private": 7})
    assert output.data == ["j", 1, True, "c", 7]


async def test_a_plain_function_runs_in_a_thread_an_async_one_in_the_loop(context: ToolContext) -> None:
    @tool
    def plain() -> bool:
        """Where?"""
        return threading.current_thread() is threading.main_thread()

    @tool
    async def coroutine() -> bool:
        """Where?"""
        await asyncio.sleep(0)
        return threading.current_thread() is threading.main_thread()

    @functools.wraps(coroutine)
    def wrapped() -> Any:
        return coroutine()

    assert (await tool_from(plain).run(context, {})).data is False
    assert (await tool_from(coroutine).run(context, {})).data is True
    assert (await tool_from(wrapped).run(context, {})).data is True


async def test_tools_that_hang_hold_up_no_others(context: ToolContext) -> None:
    release = threading.Event()

    @tool
    def hang() -> None:
        """Hangs."""
        release.wait()

    @tool
    def quick() -> str:
        """Is quick."""
        return "done"

    hanging = [asyncio.create_task(tool_from(hang).run(context, {})) for _ in range(100)]
    try:
        assert (await tool_from(quick).run(context, {})).content == "done"
        hanging[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging[0]
    finally:
        release.set()
    await asyncio.gather(*hanging[1:])


async def test_context_variables_reach_the_thread(context: ToolContext) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("seen")

    @tool
    def look(context: ToolContext | None = None) -> str:
        """Looks."""
        return variable.get() + (context.tenant if context else "")

    made = tool_from(look)
    assert made.parameters["properties"] == {}
    assert (await made.run(context, {})).content == "seenacme"


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration()])
async def test_what_would_stop_the_event_loop_is_a_fault_of_the_tool(error: BaseException, context: ToolContext) -> None:
    @tool
    def leave() -> None:
        """Leaves."""
        raise error

    @tool
    async def leave_async() -> None:
        """Leaves."""
        raise error

    for function in (leave, leave_async):
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(tool_from(function).run(context, {}), 10)


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "content", "data"),
    [
        ("text", "text", None),
        ("", "", None),
        (None, "Done.", None),
        (3, "3", 3),
        ({"a": [1, "ü"]}, '{"a":[1,"ü"]}', {"a": [1, "ü"]}),
        (Address(city="Kiel"), '{"city":"Kiel","zip":0}', {"city": "Kiel", "zip": 0}),
        ([Point(1)], '[{"x":1}]', [{"x": 1}]),
        (float("nan"), "null", None),
        (b"\xff", '"_w=="', "_w=="),
        ("half \ud83d", "half ?", None),
        (ToolOutput("text", data={"at": Point(2)}), "text", {"at": {"x": 2}}),
    ],
)
async def test_whatever_is_returned_becomes_text_and_data(value: Any, content: str, data: Any, context: ToolContext) -> None:
    @tool
    def give() -> Any:
        """Gives."""
        return value

    output = await tool_from(give).run(context, {})
    assert (output.content, output.data) == (content, data)


async def test_an_object_without_json_is_written_as_text_not_lost(context: ToolContext) -> None:
    @tool
    def give() -> Any:
        """Gives."""
        return {"at": ValueError("here")}

    assert (await tool_from(give).run(context, {})).data == {"at": "here"}


def no_docstring(x: int) -> int:
    return x


def no_annotation(x) -> int:  # type: ignore[no-untyped-def]
    """Adds."""
    return int(x)


def many(*args: int) -> int:
    """Adds."""
    return sum(args)


def strange_type(x: threading.Thread) -> None:
    """Takes what has no JSON."""


def forward(x: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Refers to what is not there."""


def field_default(x: int = Field(3)) -> None:
    """Has a Field for a default."""


async def yields() -> Any:
    """Yields."""
    yield 1


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (no_docstring, "no docstring"),
        (no_annotation, "`x` has no type annotation"),
        (many, "cannot be given by name"),
        (strange_type, "no JSON Schema"),
        (forward, "Missing"),
        (field_default, "is a Field"),
        (yields, "yields"),
    ],
)
def test_a_function_that_is_no_tool_is_named_with_its_file(function: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tool_from(function)
    assert says in caught.value.message
    assert __file__ in caught.value.message
    assert f"`{function.__name__}`" in caught.value.message


def test_a_name_must_be_usable() -> None:
    @tool(name="no spaces")
    def spaced() -> None:
        """Does nothing."""

    with pytest.raises(ConfigurationError, match="no spaces"):
        tool_from(spaced)


def test_the_version_follows_the_source_and_pins_the_tool() -> None:
    def first() -> int:
        """Same."""
        return 1

    def second() -> int:
        """Same."""
        return 2

    second.__name__ = "first"
    one, other = tool_from(first), tool_from(second)
    assert one.version != other.version
    assert one.pinned != other.pinned
    assert one.pinned == tool_from(first).pinned
    assert tool_from(first, version="").version == ""


async def test_reconcile_takes_some_of_the_arguments(context: ToolContext) -> None:
    async def sent(to: str, context: ToolContext) -> str | None:
        return f"sent under {context.idempotency_key}" if to == "anna" else None

    @tool(reconcile=sent)
    def send(to: str, text: str) -> str:
        """Send."""
        return to + text

    reconcile = tool_from(send).reconcile
    assert reconcile is not None
    assert await reconcile(context, {"to": "anna", "text": "hi"}) == ToolOutput("sent under key_1")
    assert await reconcile(context, {"to": "otto", "text": "hi"}) is None


def test_reconcile_must_not_need_what_the_tool_does_not_take() -> None:
    def sent(whom: str) -> str | None:
        return whom

    @tool(reconcile=sent)
    def send(to: str) -> str:
        """Send."""
        return to

    with pytest.raises(ConfigurationError, match="no argument `whom`"):
        tool_from(send)
