"""The built-in tools, called as the executor calls them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memory.items import MemoryItem, Query, Recalled
from tools.builtin import builtin_tools
from tools.errors import InvalidArguments, NeedsInput, ToolError
from tools.types import Fetched, Tool, ToolContext, ToolOutput
from trust.labels import USER, Label, Trust, Visibility

TOOLS = {tool.name: tool for tool in builtin_tools()}
PUBLIC = Label(sources=("memory:guide.md",), trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)
OUTSIDE = Label(sources=("memory:mail",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)


def hit(text: str, source: str, position: str, label: Label, heading: str = "", score: float = 0.5) -> Recalled:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Recalled(MemoryItem(f"mem_{source}", "acme", "docs", text, source, position, label, at, heading), score, "words")


async def call(name: str, context: ToolContext, **args: Any) -> ToolOutput:
    return await TOOLS[name].run(context, args)


def test_only_these_change_anything() -> None:
    assert {t.name for t in TOOLS.values() if not t.hints.read_only} == {"remember", "write_file"}
    assert {t.name for t in TOOLS.values() if t.workspace_only} == {"python", "write_file"}
    assert TOOLS["remember"].hints.idempotent
    assert TOOLS["write_file"].hints.idempotent


def test_only_these_are_trusted() -> None:
    trusted = {t.name for t in TOOLS.values() if t.trust is Trust.TRUSTED}
    assert trusted == {"calculate", "now", "python", "remember", "write_file"}


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_every_tool_and_argument_is_described(tool: Tool) -> None:
    assert tool.description
    assert all(argument.get("description") for argument in tool.parameters["properties"].values())
    assert tool.origin == "builtin"


async def test_calculate(context: ToolContext) -> None:
    assert (await call("calculate", context, expression="17% of 2340")).content == "397.8"
    with pytest.raises(ToolError, match="divides by zero"):
        await call("calculate", context, expression="1/0")


async def test_now_gives_iso_time_with_offset_and_weekday(context: ToolContext) -> None:
    moment, weekday = (await call("now", context, timezone="Asia/Kolkata")).content.split(" ")
    parsed = datetime.fromisoformat(moment)
    assert parsed.utcoffset() == timedelta(hours=5, minutes=30)
    assert abs(datetime.now(UTC) - parsed) < timedelta(minutes=1)
    assert weekday == parsed.strftime("%A")
    assert "+00:00 " in (await call("now", context)).content


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../../etc/passwd", "/etc/passwd", "\0"])
async def test_now_refuses_what_is_no_zone(zone: str, context: ToolContext) -> None:
    with pytest.raises(ToolError, match="not a time zone"):
        await call("now", context, timezone=zone)


async def test_recall_cites_each_passage(context: ToolContext, shelf: Any) -> None:
    shelf.hits = [hit("Two\nlines.", "guide.md", "lines 1-2", PUBLIC, "Start > Now"), hit("Other.", "a.pdf", "page 3", PUBLIC)]
    output = await call("recall", context, query="two", k=5)
    assert output.content == "[1] guide.md · lines 1-2 · Start > Now\nTwo\nlines.\n\n[2] a.pdf · page 3\nOther."
    assert shelf.asked == [("acme", Query("two", k=5, namespaces=("docs",)))]
    assert [(s.source, s.position) for s in output.sources] == [("guide.md", "lines 1-2"), ("a.pdf", "page 3")]
    assert output.data[0] == {
        "id": "mem_guide.md",
        "text": "Two\nlines.",
        "source": "guide.md",
        "position": "lines 1-2",
        "heading": "Start > Now",
        "score": 0.5,
        "why": "words",
        "label": {"from": ["memory:guide.md"], "trust": "trusted", "visibility": "public"},
    }


async def test_recall_is_as_trusted_as_what_it_found(context: ToolContext, shelf: Any) -> None:
    shelf.hits = [hit("a", "guide.md", "line 1", PUBLIC)]
    trusted = (await call("recall", context, query="a")).label
    shelf.hits.append(hit("b", "mail", "line 1", OUTSIDE))
    untrusted = (await call("recall", context, query="a")).label
    assert trusted == Label(sources=("tool:recall", "memory:guide.md"), trust=Trust.TRUSTED, visibility=Visibility.PRIVATE)
    assert untrusted is not None
    assert untrusted.trust is Trust.UNTRUSTED
    assert untrusted.sources == ("memory:guide.md", "memory:mail", "tool:recall")


async def test_recall_says_when_there_is_nothing(context: ToolContext) -> None:
    output = await call("recall", context, query="a")
    assert (output.content, output.data, output.sources) == ("Nothing found.", [], ())
    with pytest.raises(InvalidArguments):
        await call("recall", context, query="  ")


async def test_remember_keeps_every_note_and_trusts_none(context: ToolContext, shelf: Any) -> None:
    for text in ("Anna likes tea.", "Otto likes coffee.", "Anna likes tea."):
        await call("remember", context, text=text)
    tenants, namespaces, documents = zip(*shelf.added, strict=True)
    assert (set(tenants), set(namespaces)) == ({"acme"}, {"notes"})
    assert [d.text for d in documents] == ["Anna likes tea.", "Otto likes coffee.", "Anna likes tea."]
    assert documents[0].source == documents[2].source != documents[1].source
    assert all(d.source.startswith("note ") and d.label.trust is Trust.UNTRUSTED for d in documents)
    with pytest.raises(InvalidArguments):
        await call("remember", context, text="\n")


async def test_ask_person_waits_for_the_answer_and_then_gives_it(context: ToolContext) -> None:
    with pytest.raises(NeedsInput) as caught:
        await call("ask_person", context, question="Which one?")
    assert caught.value.question == "Which one?"
    assert await call("ask_person", replace(context, reply="The red one"), question="Which one?") == ToolOutput(
        "The red one", label=USER
    )
    assert (await call("ask_person", replace(context, reply=""), question="Which one?")).content == ""


async def test_read_result_reads_on(context: ToolContext) -> None:
    async def read(handle: str, offset: int, limit: int) -> str:
        return f"{handle} {offset} {limit}"

    assert (await call("read_result", replace(context, read_result=read), handle="c1", offset=7)).content == "c1 7 8000"
    with pytest.raises(ToolError):
        await call("read_result", context, handle="c1")


async def test_http_get_makes_html_readable_and_names_its_source(context: ToolContext, pages: Any) -> None:
    html = "<html><body><h1>Title</h1><p>Text</p></body></html>"
    pages.pages["http://a.example/x"] = Fetched("http://a.example/y", 404, "text/html", html)
    output = await call("http_get", context, url="http://a.example/x")
    assert output.content == "HTTP 404 · text/html · http://a.example/y\n\n# Title\n\nText"
    assert output.label == Label(sources=("tool:http_get",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
    assert [s.source for s in output.sources] == ["http://a.example/y"]
    assert output.data["status"] == 404


async def test_http_get_leaves_other_text_as_it_is_and_keeps_private_pages_private(context: ToolContext, pages: Any) -> None:
    pages.pages["http://10.0.0.1/"] = Fetched("http://10.0.0.1/", 200, "application/json", '{"a": "<b>"}', private=True)
    output = await call("http_get", context, url="http://10.0.0.1/")
    assert output.content.endswith('\n\n{"a": "<b>"}')
    assert output.label is not None
    assert output.label.visibility is Visibility.PRIVATE
